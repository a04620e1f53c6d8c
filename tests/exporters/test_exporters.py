"""The exporters lose nothing: JSON can be read back, and Markdown shows each text as it is."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from interlock.engine import (
    Ask,
    Call,
    Child,
    Command,
    Interaction,
    Prompt,
    Result,
    Session,
    Shell,
    Spawn,
    Wait,
)
from interlock.environments.playback_program import choose, load_record
from interlock.exporters import json as json_exporter
from interlock.exporters import markdown as markdown_exporter
from interlock.exporters.markdown import MAX_TEXT

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)

COMMANDS: list[Command] = [
    Shell(("pytest", "-q", "a b"), input="typed", timeout=60),
    Prompt("Mend it.", resume=True),
    Ask("Is it good?", ("approve", "reject")),
    Wait(5),
    Wait(until=NOON),
    Spawn((Child("mend", {"check": "ruff"}, title="One"), Child("chat", key="two"))),
    Call("read_file", {"path": "a.txt"}),
]

texts = st.text(max_size=200)
mark = st.sampled_from([*"`~#*_<>&[]()!-+= a1|\\\n\n\r", "```", "````", "\n```\n", "\n~~~~\n"])
marks = st.lists(mark, max_size=40).map("".join)


def write_log(commands: Iterable[Command]) -> list[Interaction]:
    """One row for each command, each with a result."""
    result = Result("ok", output="It went well.", code=0, duration_ms=1500, data={"n": 1})
    return [
        Interaction(number, "work", 1, command, "done", result, inserted_at=NOON)
        for number, command in enumerate(commands, 1)
    ]


def parse(text: str) -> list[Token]:
    """The tokens that a reader of Markdown sees."""
    return MarkdownIt("commonmark").parse(text)


def headings(text: str) -> list[str]:
    """The headings, as they are shown."""
    tokens = parse(text)
    titles = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "heading_open"]
    return ["".join(part.content for part in title.children or ()) for title in titles]


def test_the_json_has_every_command_with_its_kind() -> None:
    """Fields have the names of the values; times are ISO 8601; `for_` and tuples are plain."""
    session = Session("mend", "work", {"check": "ruff"}, {"n": 1}, id="s1", seq=7, inserted_at=NOON)
    document = json.loads(json_exporter.export(session, write_log(COMMANDS)))
    written = document["session"]
    assert (written["type"], written["input"], written["state"]) == (
        "mend",
        {"check": "ruff"},
        {"n": 1},
    )
    assert (written["interaction_count"], written["inserted_at"]) == (
        7,
        "2026-01-02T12:00:00+00:00",
    )
    assert not written.keys() & {"open", "log", "unsaved", "version", "lease_owner"}
    rows = document["interactions"]
    assert [row["command"]["kind"] for row in rows] == [command.kind for command in COMMANDS]
    assert rows[0]["command"]["argv"] == ["pytest", "-q", "a b"]
    assert rows[4]["command"]["until"] == "2026-01-02T12:00:00+00:00"
    assert rows[5]["command"]["children"][0]["input"] == {"check": "ruff"}
    assert rows[6]["command"]["arguments"] == {"path": "a.txt"}
    assert rows[0]["result"]["data"] == {"n": 1}
    assert rows[0]["inserted_at"] == "2026-01-02T12:00:00+00:00"


@given(title=texts, prompt=texts.filter(bool), output=texts, key=texts)
def test_the_json_keeps_every_text(title: str, prompt: str, output: str, key: str) -> None:
    """What is read back is what was there, whatever the characters."""
    row = Interaction(
        1, "work", 1, Prompt(prompt), "done", Result(output=output, data={key: output})
    )
    text = json_exporter.export(Session("mend", "work", title=title), [row])
    document = json.loads(text)
    (read,) = document["interactions"]
    assert text.isascii()
    assert document["session"]["title"] == title
    assert read["command"]["text"] == prompt
    assert (read["result"]["output"], read["result"]["data"]) == (output, {key: output})


def test_the_rows_of_the_json_can_be_played_back(tmp_path: Path) -> None:
    """The agent `playback` finds the answers in them."""
    record = tmp_path / "record.json"
    record.write_text(json.dumps([json_exporter.interaction_data(r) for r in write_log(COMMANDS)]))
    answer = choose(load_record(record), step="work", attempt=1, since=0)
    assert (answer["status"], answer["output"]) == ("ok", "It went well.")


def test_the_markdown_tells_the_whole_session() -> None:
    """Who, how it ended and why, what was given, and each row with its command and result."""
    session = Session(
        "mend",
        "work",
        {"check": "ruff"},
        status="failed",
        reason="it was tried 3 times",
        title="Mend the docs",
        agent="program codespell",
        seq=7,
        inserted_at=NOON,
    )
    text = markdown_exporter.export(session, write_log(COMMANDS))
    assert headings(text) == [
        "Mend the docs",
        "Input",
        "Log",
        *(f"{number}. work: ok" for number in range(1, 8)),
    ]
    for part in (
        "- status: `failed`",
        "Reason: it was tried 3 times",
        "- agent: `program codespell`",
        "- began: `2026-01-02 12:00:00+00:00`",
        '```json\n{\n  "check": "ruff"\n}\n```',
        "```console\n$ pytest -q 'a b'\n```",
        "Its standard input:\n\n```\ntyped\n```",
        "The agent was asked:\n\n```\nMend it.\n```",
        "A person was asked (`approve`, `reject`):\n\n```\nIs it good?\n```",
        "Wait 5 seconds",
        "Wait until 2026-01-02 12:00:00+00:00",
        "Sessions, policy `all`:\n\n- `mend` One\n- `chat` two",
        "Call of `read_file`:",
        "Result: `ok`, exit code 0, 1.5 s\n\n```\nIt went well.\n```",
        'Data:\n\n```json\n{\n  "n": 1\n}\n```',
    ):
        assert part in text


@pytest.mark.parametrize(
    ("row", "title"),
    [
        (Interaction(1, "work", 1, Prompt("x")), "1. work: open"),
        (Interaction(2, "work", 3, Prompt("x"), "superseded"), "2. work: superseded, attempt 3"),
        (
            Interaction(3, "", 0, Call("session.cancel", {"reason": "x"}), "done", Result()),
            "3. the session itself: ok",
        ),
        (Interaction(4, "work", 1, Prompt("x"), "unknown", Result("late")), "4. work: unknown"),
    ],
)
def test_a_row_says_what_became_of_it(row: Interaction, title: str) -> None:
    """The result's status once it is done; before, and without one, the row's own."""
    assert headings(markdown_exporter.export(Session("mend", "work"), [row]))[-1] == title


@given(title=marks.filter(str.strip), prompt=marks.filter(bool), output=marks, reason=marks)
def test_what_is_in_a_text_cannot_change_the_page(
    title: str, prompt: str, output: str, reason: str
) -> None:
    """However full of marks, a title stays one heading and each text one block, as it was."""
    session = Session("mend", "work", title=title, reason=reason, agent=title)
    result = Result("error", output=output, error=reason)
    row = Interaction(1, "work", 1, Prompt(prompt), "done", result)
    text = markdown_exporter.export(session, [row])
    assert headings(text) == [" ".join(title.split()), "Log", "1. work: error"]
    tokens = parse(text)
    blocks = [token.content for token in tokens if token.type == "fence"]
    shown = [prompt, output] if output else [prompt]
    lines = ["\n".join(part.replace("\r\n", "\n").split("\r")).rstrip() for part in shown]
    assert [block.rstrip() for block in blocks] == lines
    inline = [part.type for token in tokens for part in token.children or ()]
    assert set(inline) <= {"text", "code_inline", "softbreak", "text_special"}


def test_of_a_very_long_text_the_middle_is_left_out() -> None:
    """Its beginning and its end are shown, and how much is missing."""
    output = "begin" + "x" * (2 * MAX_TEXT) + "end"
    (row,) = write_log([Prompt("x")])
    row = evolve(row, result=Result(output=output))
    text = markdown_exporter.export(Session("mend", "work"), [row])
    assert f"\n[... {len(output) - MAX_TEXT} characters left out ...]\n" in text
    assert "```\nbegin" in text
    assert "end\n```" in text
    assert len(text) < MAX_TEXT + 1000


def test_the_markdown_tells_what_was_used_in_a_line() -> None:
    """What counts nothing, and the list of requests, is left out."""
    usage = {
        "model": "gpt-5.5",
        "input_tokens": 1200,
        "cache_read_tokens": 0,
        "entries": [{"model": "gpt-5.5", "input_tokens": 1200}],
        "vendor_cost_usd": 0.25,
        "cumulative": False,
    }
    row = Interaction(1, "work", 1, Prompt("Go"), "done", Result(usage=usage))
    text = markdown_exporter.export(Session("mend", "work"), [row])
    used = "model gpt-5.5, input\\_tokens 1200, vendor\\_cost\\_usd 0.25"
    assert f"Result: `ok`, {used}\n" in text
