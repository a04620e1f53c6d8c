"""The simplest account of a `loop` session: what its log must be after everything done to it."""

from collections.abc import Sequence

from attrs import define, field

RUN = -1
"""The holder that a run is; others are numbered from 0."""
MOVES = {("work", "ok"): "check", ("work", "done"): "complete", ("check", "ok"): "work"}


@define
class Row:
    """An interaction as the model sees it."""

    step: str
    attempt: int
    status: str = "open"
    output: str = ""
    result: str = ""
    given: str = field(default="", eq=False)
    """What was handed in, where it means nothing at its step and was made an error."""


@define
class Model:
    """A session: its rows and where they have led."""

    budget: int
    rows: list[Row] = field(factory=list)
    step: str = "work"
    status: str = "active"
    attempt: int = 1
    since: int = 0
    events: int = 0
    holder: int | None = None
    """Who has its lease; it may be over."""
    held: bool = False
    """True while nobody else may take it over."""
    moves: int = 0
    """How often it was changed: who knows it as it was before comes too late."""
    deleted: bool = False

    @property
    def active(self) -> bool:
        """True until it has ended."""
        return self.status == "active"

    @property
    def open(self) -> Row | None:
        """The row that waits for its result."""
        return next((row for row in self.rows if row.status == "open"), None)

    @property
    def worn(self) -> bool:
        """True when one more interruption would park it."""
        mine = [row.status for row in self.rows if row.step == self.step]
        return mine[-3:] == ["unknown", "unknown", "open"]

    def issue(self) -> None:
        """Have an open row, if it is active."""
        if self.active and self.open is None:
            self.rows.append(Row(self.step, self.attempt))
            self.moves += 1

    def drop(self, status: str) -> None:
        """Give the open row up; what that costs is of the budget."""
        row = self.open
        assert row is not None
        row.status = status
        self.moves += 1
        self._afford()

    def submit(self, result: str, output: str) -> None:
        """Close the open row and move on."""
        row = self.open
        assert row is not None
        row.status, row.result, row.output = "done", result, output
        self.moves += 1
        dest = MOVES.get((row.step, result), "failed")
        if dest in ("complete", "failed"):
            self.status = dest
            return
        here, tries = (self.step, self.attempt), self._visits(dest)
        self.step, self.attempt = dest, tries + 1
        if self._afford():
            self.step, self.attempt = here

    def cancel(self) -> None:
        """End it, its open row too."""
        row = self.open
        if row is not None:
            row.status = "cancelled"
        self.rows.append(Row("", 0, "done", result="ok"))
        self.status = "cancelled"
        self.moves += 1

    def revive(self, step: str | None = None) -> None:
        """Make it active again, with its limits anew."""
        self.rows.append(Row("", 0, "done", result="ok"))
        self.status, self.since = "active", len(self.rows)
        self.step, self.attempt = step or self.step, 1
        self.moves += 1

    def claim(self, holder: int) -> None:
        """Give the lease to somebody; what an earlier holder left open was seen by nobody."""
        if not self.active:
            return
        lost = self.holder is not None and self.open is not None
        self.holder, self.held = holder, True
        self.moves += 1
        if lost:
            self.drop("unknown")
        self.issue()

    def hand_in(self, result: str, output: str) -> None:
        """What a holder does with a result: it closes the row and has the next one. One that means
        nothing there is an error."""
        closing, known = self.open, (self.step, result) in MOVES
        self.submit(result if known else "error", output)
        assert closing is not None
        closing.given = result
        self.issue()

    def run(self, results: Sequence[str], output: str) -> None:
        """Execute commands with these results; then the run is interrupted."""
        if not self.active:
            return
        self.claim(RUN)
        for result in results:
            if self.active:
                self.hand_in(result, output)
        self.held = False
        if not self.active:
            self.holder = None

    def _visits(self, step: str) -> int:
        newest = [n for n, row in enumerate(self.rows, 1) if row.step == step][-1:]
        return self.rows[newest[0] - 1].attempt if newest and newest[0] > self.since else 0

    def _afford(self) -> bool:
        if len(self.rows) - self.since < self.budget:
            return False
        self.status = "failed"
        return True
