"""Reading: `list`, `show`, `log`, `current`, `export`; and what is done to a session as a whole."""

import json
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.cli.desk import Desk

SESSION_KEYS = (
    "id, type, status, step, state, input, title, agent, environment, account_id, project_id, "
    "parent_id, inserted_at, updated_at, ended_at, interaction_count, reason, workdir, attempt, "
    "budget, waiting_for, open_interaction_id"
)
INTERACTION_KEYS = "id, seq, step, attempt, status, command, result, inserted_at, completed_at"


def is_time(text: Any) -> bool:
    """True of an ISO 8601 time in UTC."""
    time = datetime.fromisoformat(text)
    return time.utcoffset() == UTC.utcoffset(None) and "T" in text


def test_a_session_document_is_whole(desk: Desk) -> None:
    """Every promised key, times in ISO 8601 and UTC, the same from every command."""
    made = desk.json("run", "greet", "-i", "name=Ann", "--title", "Greet Ann")
    assert set(made) >= set(SESSION_KEYS.split(", "))
    assert all(is_time(made[name]) for name in ("inserted_at", "updated_at", "ended_at"))
    assert made["waiting_for"] is None
    assert made["open_interaction_id"] is None
    assert desk.json("show") == made
    assert desk.json("list") == [made]
    assert desk.json("current") == made


def test_an_interaction_document_is_whole(desk: Desk) -> None:
    """Every promised key; an open one has no result yet."""
    made = desk.start("greet")
    desk("next")
    (opened,) = desk.json("log")
    assert set(opened) >= set(INTERACTION_KEYS.split(", "))
    assert opened["id"] == f"{made}.1" == desk.json("show")["open_interaction_id"]
    assert (opened["status"], opened["result"], opened["completed_at"]) == ("open", None, None)
    desk("run")
    (done,) = desk.json("log")
    assert (done["status"], done["result"]["status"]) == ("done", "ok")
    assert is_time(done["inserted_at"])
    assert is_time(done["completed_at"])


def test_a_list_is_newest_first_and_filtered(desk: Desk) -> None:
    """By status, type and words; archived ones only when asked for."""
    one = desk.start("greet", "--title", "Apple pie")
    two = desk.start("gate", "--title", "Apple 100%")
    desk("run", one)
    assert [made["id"] for made in desk.json("list")] == [two, one]
    assert [made["id"] for made in desk.json("list", "--status", "complete")] == [one]
    both = desk.json("list", "--status", "complete", "--status", "active")
    assert [made["id"] for made in both] == [two, one]
    assert [made["id"] for made in desk.json("list", "--type", "gate")] == [two]
    assert [made["id"] for made in desk.json("list", "--text", "100%")] == [two]
    assert desk("archive", one).status == 0
    assert [made["id"] for made in desk.json("list")] == [two]
    assert [made["id"] for made in desk.json("list", "--archived")] == [two, one]
    assert desk("archive", one, "--undo").status == 0
    assert [made["id"] for made in desk.json("list")] == [two, one]


def test_pages_follow_each_other(desk: Desk) -> None:
    """Every session once, whatever the limit; the last line of a page leads on."""
    made = [desk.start("gate") for _ in range(5)][::-1]
    told = desk("list", "--limit", "2")
    assert f"more: `interlock list --after {made[1]}`" in told.out
    seen: list[str] = []
    while page := desk.json("list", "--limit", "2", *(["--after", seen[-1]] if seen else [])):
        seen += [one["id"] for one in page]
    assert seen == made
    assert "more:" not in desk("list", "--limit", "5").out


def test_a_list_in_words_marks_the_current_session(desk: Desk) -> None:
    """A star, the full id, type, status, step, title; plain columns where it is no terminal."""
    one = desk.start("greet", "--title", "Hi there")
    desk.start("gate")
    desk("use", one[:22])
    head, *rows = desk("list").out.splitlines()
    assert head.split() == ["ID", "TYPE", "STATUS", "STEP", "UPDATED", "TITLE"]
    starred = [row for row in rows if row.startswith("*")]
    assert len(rows) == 2
    assert len(starred) == 1
    assert starred[0].split()[1:5] == [one, "greet", "active", "hello"]
    assert starred[0].endswith("Hi there")


def test_an_empty_list_says_what_to_do(desk: Desk) -> None:
    """No session, no error."""
    told = desk("list")
    assert told.status == 0
    assert told.out == "no such session in project project; `interlock start TYPE` makes one\n"
    assert desk.json("list") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--status", "done"), "'done' is not one of 'active', 'complete'"),
        (("--limit", "0"), "a limit is 1 to 1000, not 0"),
        (("--limit", "many"), "'many' is not a valid int"),
        (("--limit", "1001"), "a limit is 1 to 1000, not 1001"),
    ],
)
def test_a_wrong_filter_is_told(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """Exit status 2 and one line."""
    told = desk("list", *words)
    assert told.status == 2
    assert said in told.err
    assert told.err.count("\n") == 1


def test_projects_are_apart_and_one_account_sees_all_of_its_own(desk: Desk) -> None:
    """`list` shows this project; --all-projects every one of the account, with its name; an id
    is found from anywhere in the account, unless the project was named."""
    here = desk.start("gate")
    there = desk.start("gate", "--project", "shop")
    alien = desk.start("gate", "--account", "other")
    assert [one["id"] for one in desk.json("list")] == [here]
    assert [one["id"] for one in desk.json("list", "--all-projects")] == [there, here]
    told = desk("list", "--all-projects").out
    assert "PROJECT" in told
    assert "shop" in told
    assert alien not in told
    assert desk.json("show", there)["id"] == there
    assert desk("show", there, "--project", "project").status == 3
    assert desk("use", there).status == 3  # it cannot be the current one of another project
    assert desk("current").out.strip() == here
    assert desk("current", "--project", "shop").out.strip() == there


def test_show_tells_where_a_session_stands(desk: Desk) -> None:
    """Title, status, what is open, input, state, and what can be done."""
    made = desk.start("gate", "--title", "Paint", "-i", "question=Green?")
    desk("run", "--no-input")
    told = desk("show").out
    for part in ("Paint", f"gate {made} waits for a person at step ask", "Green?",
                 f"`interlock answer {made} approve`", "input  question = Green?",
                 f"open  {made}.1", "workdir  "):  # fmt: skip
        assert part in told


def test_show_names_the_queue_of_a_session(desk: Desk) -> None:
    """Whoever wonders why nothing happens sees whose turn it is."""
    made = desk.start("gate", "--priority", "3", "--queue", "late")
    told = desk("show").out
    assert "queue  late, priority 3\n" in told
    assert f"`interlock worker` takes it, and `interlock run {made}` drives it here" in told


def test_no_current_session_is_told(desk: Desk) -> None:
    """Exit status 3 and how to get one."""
    for words in (("current",), ("show",), ("log",), ("cancel",), ("next",)):
        told = desk(*words)
        assert told.status == 3
        assert told.err == (
            "interlock: no session is in use in project project; give an ID, or "
            "`interlock use` one that `interlock list` shows\n"
        )


def test_a_log_has_every_row_in_order(desk: Desk) -> None:
    """Number, step, attempt, status, duration; command and output, at first only their heads."""
    lines = "\n".join(f"line {number}" for number in range(1, 21))
    desk("run", "talk", "-i", f"text={lines}", "--agent", "program cat")
    short = desk("log").out
    assert re.search(r"^   1  work  ok  \d+\.\d s  20\d\d-", short)
    assert "ask the agent:" in short
    assert "> line 5" in short
    assert "line 6" not in short
    assert "> ... 15 more lines; --full shows them" in short
    assert "| ... 15 more lines; --full shows them" in short
    full = desk("log", "--full").out
    assert full.count("line 20") == 2
    assert "more lines" not in full


def test_a_log_can_be_of_one_step(desk: Desk) -> None:
    """--step leaves the others out, in words and in JSON."""
    desk("run", "greet", "-i", "again:=true")
    assert [row["step"] for row in desk.json("log", "--step", "again")] == ["again"]
    assert "hello world" not in desk("log", "--step", "again").out
    assert desk("log", "--step", "nothing").out == "no row of step nothing\n"
    assert desk.json("log", "--step", "nothing") == []


def test_a_log_of_nothing_says_so(desk: Desk) -> None:
    """A new session has no rows yet."""
    desk.start("greet")
    assert desk("log").out == "nothing yet; `interlock run` begins\n"
    assert desk.json("log") == []


def test_following_an_ended_session_shows_it_and_ends(desk: Desk) -> None:
    """In words it is the log; as JSON a line for each interaction."""
    desk("run", "greet", "-i", "again:=true")
    assert desk("log", "--follow").out == desk("log").out
    lines = [json.loads(line) for line in desk("log", "--follow", "--json").out.splitlines()]
    assert [line["interaction"] for line in lines] == desk.json("log")


def test_what_is_done_to_a_session_is_in_its_log(desk: Desk) -> None:
    """Cancelled, reopened, failed, retried: each is a row, and each says what comes next."""
    made = desk.start("greet")
    cancelled = desk("cancel", "--reason", "not now")
    assert cancelled.status == 0
    assert "is cancelled at step hello after 1 interaction" in cancelled.out
    assert "not now" in cancelled.out
    assert desk("cancel").status == 4
    assert desk("retry").status == 2
    reopened = desk("reopen", "--step", "again")
    assert f"greet {made} is active at step again" in reopened.out
    assert f"`interlock run {made}` goes on" in reopened.out
    assert desk("reopen").status == 4
    assert desk("archive").status == 4
    assert desk("run").status == 0
    functions = [row["command"].get("function") for row in desk.json("log")]
    assert functions[:2] == ["session.cancel", "session.reopen"]
    assert "session.cancel(reason='not now')" in desk("log").out
    told = desk("reopen", "--step", "nowhere")
    assert told.status == 2
    assert "has no step 'nowhere'; reopen it at one of hello, again" in told.err


def test_lifecycle_commands_print_the_session_as_json(desk: Desk) -> None:
    """cancel, reopen, archive and retry with --json."""
    desk.start("break")
    assert desk.json("cancel")["status"] == "cancelled"
    assert desk.json("reopen")["status"] == "active"
    assert desk("run").status == 1
    assert desk.json("retry")["status"] == "active"
    assert desk.json("cancel")["reason"] == "cancelled"
    assert desk.json("archive")["archived_at"] is not None
    assert desk.json("archive", "--undo")["archived_at"] is None


def test_an_export_is_one_document(desk: Desk) -> None:
    """Markdown for people, JSON for programs, and anything else is exit status 6."""
    desk("run", "greet", "--title", "Hi")
    told = desk("export")
    assert told.status == 0
    assert told.out.startswith("# Hi\n")
    assert "hello world" in told.out
    whole = json.loads(desk("export", "--format", "json").out)
    assert whole["session"]["id"] == desk("current").out.strip()
    assert len(whole["interactions"]) == 1
    wrong = desk("export", "--format", "word")
    assert wrong.status == 6
    assert "there is no exporter 'word'" in wrong.err


def test_ids_of_a_page_tell_each_other_apart() -> None:
    """On a terminal only the beginnings that are needed are printed, in full otherwise."""
    from interlock.cli.listing import shown_ids

    ids = ["01a22225-bd6d-7071-bf84-5e546db56a28", "01a22225-bd6d-7071-bf84-5e546db56a29"]
    assert shown_ids(ids) == {one: one for one in ids}
    assert all(len(one) == 36 for one in shown_ids([]))


def test_times_are_shown_in_order(desk: Desk) -> None:
    """Each row of a log began no earlier than the one before."""
    desk("run", "greet", "-i", "again:=true")
    times = [row["inserted_at"] for row in desk.json("log")]
    assert all(before <= after for before, after in pairwise(times))
