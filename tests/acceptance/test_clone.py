"""A change made in a clone by the installed command: from its start to the merged branch."""

from tests.acceptance.user import User, wait_until

AGENT = """#!/bin/sh
cat > /dev/null
case $INTERLOCK_STEP in
review) echo 'VERDICT: approve' ;;
implement)
    echo half > half.txt
    if test ! -e "$HOME/once"; then
        touch "$HOME/once"
        exec sleep 600
    fi
    echo hello > hello.txt ;;
esac
echo done
"""


def test_a_change_in_a_clone_survives_a_kill_and_is_merged(user: User) -> None:
    """A person approves twice; the run is killed in the middle of the agent's work; the user's own
    files change only by the merge, and each step's files can be seen."""
    (user.home / "agent").write_text(AGENT)
    (user.home / "agent").chmod(0o755)
    (user.home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    user.shell("git init -qb main && echo one > base.txt && git add . && git commit -qm Begin")
    start = ("change", "-i", "change=Say hello", "-i", "test=test -s hello.txt")
    words = (*start, "--agent", f"program {user.home}/agent", "--environment", "clone")
    assert user("run", *words).returncode == 5
    assert user("answer", "approve").returncode == 0
    running = user.begin("run")
    wait_until((user.home / "once").exists)
    running.kill()
    running.communicate()
    waiting = user("run")
    assert waiting.returncode == 5
    assert f"`interlock diff {user.json('show')['id']}` shows the work" in waiting.stdout
    rows = [row for row in user.json("log") if row["step"] == "implement"]
    assert [row["status"] for row in rows] == ["unknown", "done"]
    assert user.shell("git status --porcelain; ls").stdout == "base.txt\n"
    assert [one["name"] for one in user.json("diff")["files"]] == ["half.txt", "hello.txt"]
    assert [one["name"] for one in user.json("diff", "implement")["files"]] == ["hello.txt"]
    assert user("answer", "approve").returncode == 0
    assert user("run").returncode == 0
    log = user.shell("git log --first-parent --format=%s main; git status --porcelain; ls").stdout
    assert log == (
        "Merge branch 'change-say-hello' into main\nBegin\nbase.txt\nhalf.txt\nhello.txt\n"
    )
    assert user.json("workspaces", "sweep", "--yes")["kept"] == []
    assert user.json("workspaces", "list") == []
    assert user.json("db", "check")["faults"] == []
