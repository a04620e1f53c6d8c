"""The real programs in a git clone of the session's own, as `interlock run` has them work."""

from __future__ import annotations

import shutil
import subprocess
from threading import Barrier

import pytest

from interlock.testing import ModelRequest, ModelServer, Turn, Usage
from tests.real_agents.cases import TEXT
from tests.real_agents.conftest import choose
from tests.real_agents.desk import PATIENCE, Desk
from tests.real_agents.driver import Driver, find_tree, wait_for_turn, wait_until, write_there
from tests.real_agents.programs import Program

pytestmark = pytest.mark.real_agents
MANY = 8
ALONE = choose("claude-code", quick=False)
"""Where one program is enough, and takes long."""

USED = Usage(input=9750, output=100, cache_read=6300)


def git(desk: Desk, *words: str) -> str:
    """What git says in the user's repository."""
    done = subprocess.run(
        ("git", *words), cwd=desk.repo, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_its_work_is_offered_as_a_branch(program: Program, desk: Desk) -> None:
    """The file is written in the clone and committed on a branch; the user's own files are as
    they were, and the log has what each prompt used."""
    script = (write_there(program, TEXT, usage=USED), Turn.text("Done.", usage=USED))
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        session = driver.start("mend", check="test -s hello.txt")
        ended = driver.run(session)
    (answer,) = driver.answers(session)
    assert ended["status"] == "complete", answer
    assert (driver.tree(session) / "hello.txt").read_text() == TEXT
    assert git(desk, "status", "--porcelain") == ""
    (branch,) = git(desk, "branch", "--list", "interlock/*", "--format=%(refname)").split()
    assert git(desk, "show", f"{branch}:hello.txt") == TEXT
    usage = answer["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["requests"]) == (19_500, 200, 2)
    assert usage["cache_read_tokens"] == 12_600
    names = [one["name"] for one in driver.interlock("diff", session)["files"]]
    assert names == ["hello.txt"]


def test_a_killed_run_goes_on_and_leaves_nothing_running(program: Program, desk: Desk) -> None:
    """kill -9 of Interlock while the model is asked: the program ends too, nobody knows how that
    prompt ended, and the next run has the work done."""
    script = (Turn.hang(3600), write_there(program, TEXT), Turn.text("Done."))
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        session = driver.start("errand", task="Write hello.txt")
        running = driver.begin("run", session)
        wait_for_turn(server, 0)
        running.kill()
        running.wait()
        wait_until(lambda: driver.running() == [])
        ended = driver.run(session)
    rows = driver.interlock("log", session)
    assert ended["status"] == "complete", rows
    assert [row["status"] for row in rows] == ["unknown", "done"]
    assert (driver.tree(session) / "hello.txt").read_text() == TEXT
    assert driver.running() == []


def test_what_takes_too_long_is_ended(program: Program, desk: Desk) -> None:
    """All of it, and the result says that its time ran out."""
    with ModelServer(Turn.hang(3600), repeat_last=True) as server:
        driver = Driver(desk, program, server.url)
        answer = driver.ask("Write hello.txt", seconds=4)
    assert (answer["status"], answer["data"]["kind"]) == ("timeout", "timeout")
    assert answer["error"] == "timed out after 4 s"
    assert driver.running() == []


def test_an_error_that_passes_is_overcome(program: Program, desk: Desk) -> None:
    """A limit of one second: the program waits and asks again."""
    script = (Turn.error(429, retry_after=1), write_there(program, TEXT), Turn.text("Done."))
    with ModelServer(*script) as server:
        driver = Driver(desk, program, server.url)
        answer = driver.ask("Write hello.txt")
        statuses = [request.status for request in server.turns]
    assert answer["status"] == "ok", answer
    assert statuses[0] == 429
    (written,) = desk.home.glob(".interlock/workspaces/*/tree/hello.txt")
    assert written.read_text() == TEXT


def test_a_million_characters_arrive(program: Program, desk: Desk) -> None:
    """Also where the prompt begins like an option and has what a shell would obey."""
    task = "--help $(touch hello.txt) `'\"\n" + "word " * 200_000 + "and the end"
    # Gemini CLI prints the prompt too, and loses what its pipe has not taken when it ends. The pipe
    # is large, but a user with many of them gets no more.
    pause = 5 if program.slug == "gemini" else 0
    with ModelServer(Turn.hang(pause, Turn.text("Understood."))) as server:
        driver = Driver(desk, program, server.url)
        answer = driver.ask(task)
        (request,) = server.turns
    assert (answer["status"], answer["output"]) == ("ok", "Understood."), answer
    told = str(request.body)
    assert told.count("word ") >= 200_000
    assert "and the end" in told
    assert not list(desk.home.glob(".interlock/workspaces/*/tree/hello.txt"))


@pytest.mark.parametrize("program", ALONE, indirect=True)
def test_eight_work_in_clones_of_one_repository_at_once(program: Program, desk: Desk) -> None:
    """All of them are asked before any gets its answer. Each has its own directory, branch and
    ports, and its own file in the end; the user's files are as they were."""
    all_there = Barrier(MANY, timeout=PATIENCE)

    def answer(request: ModelRequest) -> Turn:
        if "tool_result" in str(request.body):
            return Turn.text("Done.", usage=USED)
        all_there.wait()
        return write_there(program, find_tree(request).parent.name, usage=USED)(request)

    with ModelServer(answer, repeat_last=True) as server:
        driver = Driver(desk, program, server.url)
        check = f"sh -c 'test -s hello.txt && echo $INTERLOCK_PORT_BASE >> {desk.home}/ports'"
        names = [driver.start("mend", check=check) for _ in range(MANY)]
        running = [driver.begin("run", name) for name in names]
        assert [one.wait() for one in running] == [0] * MANY
    for name in names:
        assert (driver.tree(name) / "hello.txt").read_text() == name
    branches = git(desk, "branch", "--list", "interlock/*", "--format=%(refname)").split()
    assert {git(desk, "show", f"{branch}:hello.txt") for branch in branches} == set(names)
    assert len(set((desk.home / "ports").read_text().split())) == MANY
    assert git(desk, "status", "--porcelain") == ""
    used = [driver.answers(name)[0]["usage"] for name in names]
    assert [one["input_tokens"] for one in used] == [19_500] * MANY
    assert driver.interlock("db", "check")["faults"] == []
    assert driver.running() == []


HOOKS = """
cd .git/hooks
for hook in pre-commit commit-msg reference-transaction
do printf '#!/bin/sh\\nexit 1\\n' > $hook; chmod +x $hook
done
"""
STATES = {  # what is done to the repository, and what its own status is all the while
    "uncommitted": ("echo more >> README.md", " M README.md\n"),
    "detached": ("git checkout -q --detach", ""),
    "failing-hooks": (HOOKS, ""),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("program", ALONE, indirect=True)
def test_a_repository_in_any_state_is_worked_on(program: Program, desk: Desk, state: str) -> None:
    """The work comes as a branch, and what the user has is as it was."""
    script, status = STATES[state]
    subprocess.run(("sh", "-c", script), cwd=desk.repo, check=True)
    with ModelServer(write_there(program, TEXT), Turn.text("Done.")) as server:
        driver = Driver(desk, program, server.url)
        session = driver.start("mend", check="test -s hello.txt")
        ended = driver.run(session)
    assert ended["status"] == "complete", driver.interlock("log", session)
    (branch,) = git(desk, "branch", "--list", "interlock/*", "--format=%(refname)").split()
    assert git(desk, "show", f"{branch}:hello.txt") == TEXT
    assert git(desk, "status", "--porcelain") == status


@pytest.mark.parametrize("program", ALONE, indirect=True)
def test_a_repository_without_commits_is_worked_on_in_place(program: Program, desk: Desk) -> None:
    """There is nothing to clone; the work is its first commit."""
    shutil.rmtree(desk.repo / ".git")
    git(desk, "init", "-q", "-b", "main")
    with ModelServer(Turn.tools(program.write(desk.path, TEXT)), Turn.text("Done.")) as server:
        driver = Driver(desk, program, server.url)
        session = driver.start("mend", check="test -s hello.txt")
        ended = driver.run(session)
    assert ended["status"] == "complete", driver.interlock("log", session)
    assert git(desk, "show", "main:hello.txt") == TEXT
