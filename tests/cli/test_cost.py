"""`cost`: what sessions used and what it cost, as a person and as a program read it."""

import json
from datetime import datetime
from typing import Any

import pytest

from interlock.agents.usage import COUNTERS, make_entry
from tests.cli.desk import Desk

CLAUDE, OWN = "claude-sonnet-4-5", "my-own-model"


def answer(*entries: dict[str, Any], vendor: float | None = None, step: str = "work") -> Any:
    """A row of a record: an agent answered, and told of this."""
    usage = {"entries": list(entries), "vendor_cost_usd": vendor}
    result = {"status": "ok", "output": "Done.", "usage": usage, "duration_ms": 2500}
    return {"seq": 1, "step": step, "status": "done", "command": {"kind": "prompt"}} | {
        "result": result
    }


BOTH = answer(
    make_entry(CLAUDE, 3, input_tokens=12_000, output_tokens=345, cache_read_tokens=9_000),
    make_entry(OWN, 2, input_tokens=1_000),
    vendor=0.0125,
)
ONE = answer(make_entry(CLAUDE, 1, input_tokens=1_000), vendor=0.004)


def run(desk: Desk, *rows: Any, type: str = "agent_task", title: str = "Spell") -> str:
    """The id of a session whose agent answered so."""
    (desk.project / "record.json").write_text(json.dumps(list(rows)))
    given = ["-i", "task=Spell", "-i", "evaluate=true"] if type == "agent_task" else []
    words = [*given, "--title", title]
    agent = "playback record.json --any-step"
    return str(desk.json("run", type, *words, "--agent", agent)["id"])


def lines(out: str) -> list[str]:
    """Each line, with one space between its words."""
    return [" ".join(line.split()) for line in out.splitlines()]


def test_a_session_costs_what_its_agent_used(desk: Desk) -> None:
    """By step, agent and model; with the sum, the vendor's figure and what has no price."""
    made = run(desk, BOTH)
    told = desk("cost")
    assert told.status == 0
    assert lines(told.out) == [
        f"Spell agent_task {made}",
        "STEP AGENT MODEL REQUESTS INPUT CACHED OUTPUT COST VENDOR",
        f"work playback {CLAUDE} 3 12,000 9,000 345 $0.0169",
        f"work playback {OWN} 2 1,000 0 0 unpriced",
        "this session 5 13,000 9,000 345 $0.0169 + 2 unpriced $0.0125",
        "13,345 tokens, $0.0169 + 2 unpriced (the vendor says $0.0125) in 2.5 s",
        f"no price is known for {OWN}",
        "what a vendor said of a command that used several models is only in the sums",
    ]
    assert desk("cost", made[:20]).out == told.out


def test_one_model_has_all_in_one_line(desk: Desk) -> None:
    """Its vendor's figure too; nothing is left to explain."""
    run(desk, ONE)
    assert lines(desk("cost").out)[2:] == [
        f"work playback {CLAUDE} 1 1,000 0 0 $0.003000 $0.004000",
        "1,000 tokens, $0.003000 (the vendor says $0.004000) in 2.5 s",
    ]


def test_the_costs_of_children_are_their_parents(desk: Desk) -> None:
    """Beside its own, and apart when that is asked."""
    made = run(desk, ONE, type="crew")
    told = desk("cost", made).out
    assert lines(told)[3:5] == [
        "this session 1 1,000 0 0 $0.003000 $0.004000",
        "with those below 3 3,000 0 0 $0.009000 $0.0120",
    ]
    assert f"`interlock cost {made} --by session` tells them apart" in told
    found = desk.json("cost", made)
    assert [one["requests"] for one in (*found["costs"], found["own"], found["total"])] == [1, 1, 3]
    apart = desk.json("cost", made, "--by", "session")["costs"]
    assert [(one["type"], one["requests"]) for one in apart] == [
        ("crew", 1),
        ("talk", 1),
        ("talk", 1),
    ]
    assert apart[0]["session_id"] == made
    assert "used  3,000 tokens, $0.009000" in desk("show", made).out


def test_nothing_used_is_said(desk: Desk) -> None:
    """It is no 0 and no table."""
    desk.start("greet")
    assert desk("cost").out.splitlines()[1:] == ["no agent has told what it used"]
    assert desk("cost", "--by", "model").out == "no agent has told what it used\n"
    assert desk("cost", "--rows").out == "no agent has told what it used\n"
    assert desk.json("cost")["costs"] == []


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("model", {CLAUDE: 4, OWN: 2}),
        ("agent", {"playback": 6}),
        ("step", {"work": 6}),
        ("type", {"agent_task": 6}),
        ("session", None),
        ("day", None),
    ],
)
def test_all_sessions_are_summed(desk: Desk, by: str, keys: dict[str, int] | None) -> None:
    """Of the project, by what one asks; the table ends with the sum."""
    run(desk, BOTH)
    run(desk, ONE)
    found = desk.json("cost", "--by", by)
    assert found["total"]["requests"] == 6
    assert found["session_id"] is None
    name = "session_id" if by == "session" else by
    sums = {one[name]: one["requests"] for one in found["costs"]}
    if keys is not None:
        assert sums == keys
    assert sum(sums.values()) == 6
    table = desk("cost", "--by", by).out
    assert table.startswith(by.upper())
    assert "14,345 tokens" in table


def test_projects_are_apart_unless_all_are_asked(desk: Desk) -> None:
    """And accounts always."""
    run(desk, ONE)
    assert desk.json("--project", "other", "cost", "--by", "model")["costs"] == []
    wide = desk.json("--project", "other", "cost", "--by", "model", "--all-projects")
    assert wide["total"]["requests"] == 1
    args = ("--account", "stranger", "cost", "--by", "model", "--all-projects")
    assert desk.json(*args)["costs"] == []
    refused = desk("--account", "stranger", "cost", wide["costs"][0].get("session_id") or "01")
    assert refused.status == 3


def test_every_figure_can_list_its_rows(desk: Desk) -> None:
    """Each with the id that `log` has, whatever narrows the figure."""
    one, two = run(desk, BOTH), run(desk, ONE)
    rows = desk.json("cost", "--by", "model", "--rows")["costs"]
    assert [(row["session_id"], row["seq"]) for row in rows] == [(one, 1), (two, 1)]
    assert datetime.fromisoformat(rows[0]["completed_at"]).tzinfo is not None
    (row,) = desk.json("cost", "--by", "model", "--rows", "--model", OWN)["costs"]
    assert (row["session_id"], row["input_tokens"], row["models"]) == (one, 1000, [OWN])
    told = desk("cost", one, "--rows").out
    assert lines(told)[1].startswith(f"{one}.1 ")
    assert desk("log", one).out.count("13,345 tokens, $0.0169 + 2 unpriced") == 1


def test_a_document_has_every_figure(desk: Desk) -> None:
    """Money that is not known is null; what is known in part says how much is missing."""
    run(desk, BOTH)
    found = desk.json("cost")
    assert found["prices"] is True
    priced, unpriced = found["costs"]
    assert (priced["cost_usd"], priced["unpriced_requests"]) == (0.016875, 0)
    assert (unpriced["cost_usd"], unpriced["unpriced_models"]) == (None, [OWN])
    assert found["total"] == {
        "requests": 5,
        **dict.fromkeys(COUNTERS, 0),
        "input_tokens": 13_000,
        "output_tokens": 345,
        "cache_read_tokens": 9_000,
        "cost_usd": 0.016875,
        "unpriced_requests": 2,
        "unpriced_models": [OWN],
        "vendor_cost_usd": 0.0125,
        "models": [CLAUDE, OWN],
        "commands": 1,
        "seconds": 2.5,
    }
    assert found["own"] == found["total"]


def test_a_killed_command_is_not_forgotten(desk: Desk) -> None:
    """What it told of while it ran is in no sum, and is said."""
    made = desk.start("talk", "-i", "text=Hello", "--agent", "program true")
    desk("next")
    desk.change(
        "INSERT INTO event (session_id, seq, account_id, type, data, sent_at, inserted_at) "
        'SELECT id, 1, account_id, \'usage\', \'{"model":"m","input_tokens":1234}\', updated_at, '
        "updated_at FROM session"
    )
    said = "commands without a result told of 1,234 tokens more, which no sum has"
    assert desk("cost").out.splitlines()[1:] == [said]
    assert desk("cancel").status == 0
    assert desk.json("cost", made)["unfinished_tokens"] == 1234
    assert desk.json("cost", "--by", "model")["unfinished_tokens"] is None


def test_show_and_list_tell_it_too(desk: Desk) -> None:
    """The session's own, as far as it is priced; null where no agent told of any."""
    made = run(desk, BOTH)
    assert desk.json("list")[0]["usage"]["cost_usd"] is None
    assert "used  13,345 tokens, $0.0169 + 2 unpriced (the vendor says" in desk("show").out
    used = desk.json("show")["usage"]
    assert used == desk.json("cost")["own"]
    assert desk.json("list")[0] == desk.json("show", made)
    desk.start("greet")
    assert desk.json("show")["usage"] is None
    assert "used" not in desk("show").out


@pytest.mark.parametrize(
    ("since", "requests"),
    [
        ("1d", 1),
        ("12h", 1),
        ("30m", 1),
        ("2026-01-01", 1),
        ("9026-01-01T12:30+02:00", 0),
    ],
    ids=("days", "hours", "minutes", "a day", "a time"),
)
def test_since_takes_a_time_or_how_long_ago(desk: Desk, since: str, requests: int) -> None:
    """All of the project from there on."""
    run(desk, ONE)
    assert desk.json("cost", "--since", since)["total"]["requests"] == requests


BAD = [
    (("--since", "yesterday"), "yesterday is no time; give one like 2026-11-28"),
    (("--since", "9" * 6 + "d"), "is no time"),
    (("--by", "colour"), "is not one of"),
    (("reprice", "--by", "model"), "reprice takes --all-projects and --json only"),
    (("reprice", "--rows"), "reprice takes --all-projects and --json only"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=[" ".join(words)[:30] for words, _ in BAD])
def test_what_cannot_be_asked_is_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """That says what can."""
    told = desk("cost", *words)
    assert (told.status, told.out) == (2, "")
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_a_session_that_is_not_there_is_not_found(desk: Desk) -> None:
    """As everywhere."""
    assert desk("cost", "0000").status == 3
    assert desk("cost").status == 3


def test_reprice_prices_all_anew(desk: Desk) -> None:
    """It says what changed, and leaves what vendors said."""
    made = run(desk, BOTH)
    before = desk.json("cost", made)
    desk.change("UPDATE usage SET cost = 1000000000 WHERE part = 0")
    told = desk("cost", "reprice")
    assert told.out.splitlines() == [
        "2 entries priced anew, 1 changed: $1.0000 before, $0.0169 now",
        "1 have no price: `interlock cost --by model` names the models",
    ]
    assert desk.json("cost", made) == before
    assert desk.json("cost", "reprice", "--all-projects") == {
        "rows": 2,
        "changed": 0,
        "before_usd": 0.016875,
        "after_usd": 0.016875,
        "unpriced": 1,
    }


def test_without_a_price_list_there_are_tokens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a line that says how to get prices."""
    made = run(desk, ONE)
    with monkeypatch.context() as patch:
        patch.setattr("interlock.pricing.is_known", lambda: False)
        told = desk("cost")
        assert lines(told.out)[2].endswith(" unpriced $0.004000")
        assert "pip install 'genai-prices<0.3'" in told.out
        assert desk.json("cost")["prices"] is False
        refused = desk("cost", "reprice")
        assert (refused.status, refused.out) == (4, "")
        assert "pip install 'genai-prices<0.3'" in refused.err
    assert desk.json("cost", made)["total"]["cost_usd"] == pytest.approx(0.003)


def test_a_model_cannot_play_with_the_terminal(desk: Desk) -> None:
    """Its name comes from a program."""
    run(desk, answer(make_entry("evil\x1b[31m\nmodel", 1, input_tokens=1)))
    for words in (("cost",), ("cost", "--by", "model"), ("cost", "--rows")):
        out = desk(*words).out
        assert "\x1b" not in out
        assert "evil\\x1b[31m model" in out


def test_check_finds_sums_that_are_not_the_logs(desk: Desk) -> None:
    """Also of a session that cannot be replayed."""
    made = run(desk, BOTH)
    assert desk("db", "check").status == 0
    desk.change("UPDATE usage SET input_tokens = 5 WHERE part = 1")
    wrong = f"session {made}: the usage of row 1 is not in the sums as the log has it"
    told = desk("db", "check")
    assert told.status == 1
    assert wrong in told.out
    desk.change("UPDATE session SET type = 'gone'")
    told = desk("db", "check")
    assert told.status == 1
    assert wrong in told.out
