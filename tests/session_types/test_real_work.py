"""The built-ins do their work on a real repository, with real programs as check and agent."""

import shlex
import sys
import uuid
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from attrs import evolve

from interlock import Ask, Child, Result, Session, Spawn
from interlock.engine import handle_result, join, next_command, start
from interlock.environments.local import Local
from tests.environments.working_copy import WorkingCopy
from tests.session_types.driver import load

AGENT = """
import pathlib, re, sys

prompt = sys.stdin.read()
def write(name, text):
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

if made := re.search(r"Write the spec of the component (\\S+) into (\\S+),", prompt):
    write(made[2], f"# {made[1]}\\n## Purpose\\nHolds goods.\\n## Public API\\nadd()\\n")
elif made := re.search(r"Revise (\\S+): .*'Dependencies' is missing", prompt):
    write(made[1], pathlib.Path(made[1]).read_text() + "## Dependencies\\nNone.\\n")
elif made := re.search(r"Write the review anew into (\\S+),", prompt):
    write(made[1], "## Findings\\nNone.\\n## Verdict\\nVERDICT: APPROVE\\n")
elif made := re.search(r"Implement the component \\S+ in (\\S+)\\. ", prompt):
    write(made[1], "def total(prices):\\n    return 0\\n")
elif made := re.search(r'Make these tests pass(?s:.*)File "\\S*/(shop/\\w+.py)"', prompt):
    write(made[1], "def total(prices):\\n    return sum(prices)\\n")
elif "Mend what it reports" in prompt:
    write("base.txt", pathlib.Path("base.txt").read_text().replace("two", "2"))
elif "Make this change" in prompt:
    write("notes.txt", "Remember.\\n")
print("Done.\\nVERDICT: APPROVE" if "VERDICT" in prompt else "Done.")
"""

CODE_TEST = (
    "import pathlib, sys; place = {}; "
    "path = str(pathlib.Path(sys.argv[1]).resolve()); "
    "exec(compile(open(path).read(), path, 'exec'), place); "
    "place['total']([1, 2]) == 3 or sys.exit(f'File \"{path}\": 1 + 2 is 3')"
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """A repository with one commit, an agent beside it, and git configured for both."""
    copy = WorkingCopy(tmp_path)
    for name, value in copy.source.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "agent.py").write_text(AGENT)
    return copy


def begin(copy: WorkingCopy, name: str, given: Any) -> Session:
    """A session of a type in the repository."""
    agent = shlex.join(["program", sys.executable, str(copy.folder.parent / "agent.py")])
    session = start(load(name), input=given)
    token = f"token-{uuid.uuid4().hex}"
    return evolve(session, id=token, agent=agent, workdir=str(copy.folder))


def work(copy: WorkingCopy, session: Session, *answers: str) -> Session:
    """The session at its end, its children worked off, a person's answers given in turn."""
    kind, local, replies = load(session.type), Local(), list(answers)
    while session.active:
        session = next_command(kind, session)
        assert session.open is not None
        command = session.open.command
        if isinstance(command, Ask):
            result = Result(replies.pop(0))
        elif isinstance(command, Spawn):
            result = spawn(copy, command)
        else:
            result = local.execute(session, session.open, emit=lambda *_: None, stop=Event())
        session = handle_result(kind, session, result)
    assert not replies
    return session


def spawn(copy: WorkingCopy, command: Spawn) -> Result:
    """What the children of a Spawn come to."""

    def run(child: Child) -> Session:
        return work(copy, begin(copy, child.type, child.input))

    result = join(command, [run(child) for child in command.children])
    assert result is not None
    return result


def test_what_a_check_finds_is_mended_and_committed(copy: WorkingCopy) -> None:
    """The commit is on the branch that was named, and the one it came from is as it was."""
    check = [sys.executable, "-c", "import sys; sys.exit('two' in open('base.txt').read())"]
    session = work(copy, begin(copy, "mend", {"check": check, "branch": "mended"}))
    assert (session.status, session.visits("mend")) == ("complete", 1)
    assert session.last("finalize").data["files"] == ["base.txt"]
    assert copy.git("show", "mended:base.txt").split() == ["one", "2", "three"]
    assert copy.git("show", "main:base.txt").split() == ["one", "two", "three"]


def test_a_mend_that_does_not_help_fails_and_commits_nothing(copy: WorkingCopy) -> None:
    """The reason has what the check printed last."""
    check = [sys.executable, "-c", "raise SystemExit('still wrong')"]
    session = work(copy, begin(copy, "mend", {"check": check, "tries": 2}))
    assert session.status == "failed"
    assert "still wrong" in str(session.reason)
    assert copy.git("log", "--format=%s") == "Begin"


def test_a_context_is_specified_and_reviewed(copy: WorkingCopy) -> None:
    """Each child revises its spec until it is valid and commits it on the parent's branch."""
    given = {"context": "shop", "components": "order,cart", "path": "docs/{name}.md"}
    session = work(copy, begin(copy, "context_design", given))
    assert session.status == "complete"
    assert copy.state == ("context_design-shop", "")
    assert copy.git("log", "--format=%s").split("\n") == [
        "Review the specs of shop",
        "Specify the component order",
        "Specify the component cart",
        "Begin",
    ]
    assert "## Dependencies" in copy.read("docs/cart.md")


def test_the_components_of_a_context_are_coded(copy: WorkingCopy) -> None:
    """Each child fixes its code until its own test passes."""
    given = {
        "context": "shop",
        "components": ["cart", "order"],
        "path": "shop/{name}.py",
        "test": [sys.executable, "-c", CODE_TEST, "shop/{name}.py"],
    }
    session = work(copy, begin(copy, "context_coding", given))
    assert session.status == "complete", session.reason
    assert "sum(prices)" in copy.git("show", "context_coding-shop:shop/cart.py")
    assert "sum(prices)" in copy.git("show", "context_coding-shop:shop/order.py")


def test_a_change_is_merged_when_a_person_approves(copy: WorkingCopy) -> None:
    """It is in main, by a merge of the branch it was made on."""
    given = {"change": "Add notes", "test": [sys.executable, "-c", "open('notes.txt')"]}
    session = work(copy, begin(copy, "change", given), "approve", "approve")
    assert session.status == "complete"
    assert copy.git("show", "main:notes.txt") == "Remember."
    assert copy.git("log", "-1", "--format=%s") == "Merge branch 'change-add-notes' into main"


def test_a_change_that_is_rejected_is_not_merged(copy: WorkingCopy) -> None:
    """The work stays where it was made, and main is as it was."""
    given = {"change": "Add notes", "test": [sys.executable, "-c", "open('notes.txt')"]}
    session = work(copy, begin(copy, "change", given), "approve", "reject")
    assert session.status == "cancelled"
    assert copy.git("log", "--format=%s", "main") == "Begin"
    assert copy.state == ("change-add-notes", "?? notes.txt")


def test_a_project_is_set_up_by_what_its_check_reports(copy: WorkingCopy) -> None:
    """The one requirement that is missing is met by its command, then committed."""
    report = (
        "import json, pathlib; print(json.dumps({'requirements': ["
        "{'name': name, 'met': pathlib.Path(name).exists()} for name in ('base.txt', 'x.cfg')]}))"
    )
    given = {
        "check": [sys.executable, "-c", report],
        "commands": {"x.cfg": [sys.executable, "-c", "open('x.cfg', 'w').write('[x]')"]},
    }
    session = work(copy, begin(copy, "project_setup", given))
    assert session.status == "complete"
    assert session.last("handle_failure").status == "none"
    assert session.last("finalize").data["files"] == ["x.cfg"]
