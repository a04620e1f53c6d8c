"""What can happen to an agent program in one run, and what each program makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from interlock.testing import ModelServer, Turn, Usage
from tests.real_agents.desk import Desk, Run
from tests.real_agents.programs import Program, Task

TEXT = "hi\n"
CACHED = Usage(input=9750, output=100, cache_read=6300, cache_write=2300)
ALL = ("claude-code", "codex", "gemini", "opencode")


def write(program: Program, desk: Desk) -> Turn:
    """The turn in which the model asks for the file."""
    return Turn.tools(program.write(desk.path, TEXT), said="I write it.", usage=CACHED)


def written(program: Program, desk: Desk) -> list[Turn]:
    """The whole conversation of a file."""
    return [write(program, desk), Turn.text("Done.")]


@frozen(kw_only=True)
class Case:
    """A script, and the exit code of each program that comes to an end with it."""

    name: str
    script: Callable[[Program, Desk], list[Turn]]
    codes: Mapping[str, int] = field(factory=lambda: dict.fromkeys(ALL, 0))
    task: Task = field(factory=Task)
    repeat_last: bool = False
    writes: bool = True  # the file is there in the end

    def play(self, program: Program, desk: Desk) -> tuple[Run, ModelServer]:
        """One run, and the server that it asked."""
        script = self.script(program, desk)
        with ModelServer(*script, repeat_last=self.repeat_last) as server:
            return desk.run(program, server.url, self.task), server


CASES: tuple[Case, ...] = (
    Case(name="success", script=written),
    Case(
        name="denied",
        script=lambda program, desk: [write(program, desk), Turn.text("I could not.")],
        task=Task(writes=False),
        writes=False,
    ),
    Case(
        name="max-turns",
        script=written,
        task=Task(max_turns=1),
        codes={"claude-code": 1, "gemini": 53},
    ),
    Case(
        name="error-401",
        script=lambda program, desk: [Turn.error(401)],
        repeat_last=True,
        codes={"claude-code": 1, "codex": 1, "gemini": 145, "opencode": 1},
        writes=False,
    ),
    Case(
        name="error-429",
        script=lambda program, desk: [Turn.error(429, retry_after=1), *written(program, desk)],
    ),
    Case(
        name="cut-once",
        script=lambda program, desk: [
            write(program, desk),
            Turn.cut(),
            Turn.text("Where were we?"),
        ],
        codes={"claude-code": 0, "codex": 0, "gemini": 1, "opencode": 0},
    ),
    Case(
        # opencode tries again without end.
        name="cut",
        script=lambda program, desk: [write(program, desk), Turn.cut()],
        repeat_last=True,
        codes={"claude-code": 1, "codex": 1, "gemini": 1},
    ),
)
