"""The installed command holds a session whose agent changes nothing in its clone."""

from tests.acceptance.user import User


def test_an_agent_that_changes_nothing_is_not_asked_for_ever(user: User) -> None:
    """The same prompt, the same answer, the same files: the question names the row, and what the
    row came to is kept; a `retry` goes round again."""
    (user.home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    user.shell("git init -qb main && echo one > base.txt && git add . && git commit -qm Begin")
    task = ("-i", "task=Say hello.", "-i", "evaluate=test -s hello.txt")
    agent = ("--agent", "program true", "--environment", "clone")
    held = user("run", "agent_task", *task, *agent)
    assert held.returncode == 5, held.stderr
    told = "as row 3: the same command, the same answer, the same files"
    assert f"Step work goes in circles: {told}. Run it again" in held.stdout
    rows = user.json("log")
    assert len(rows) == 6
    result = rows[4]["result"]
    assert (result["status"], result["error"], result["data"]["was"]) == ("stalled", told, "ok")
    assert result["data"]["tree"] == rows[2]["result"]["data"]["tree"]
    assert user("answer", "retry").returncode == 0
    again = user("run")
    assert again.returncode == 5
    assert len(user.json("log")) > len(rows)
