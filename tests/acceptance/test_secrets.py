"""A secret is asked for on the terminal and never shown."""

from tests.acceptance.user import Terminal, User

VALUE = "hunter22-and-more"


def test_a_value_is_typed_unseen(user: User) -> None:
    """What is typed is kept, and is nowhere on the screen."""
    terminal = Terminal(user, "secrets", "set", "TOKEN")
    terminal.wait_for("value of TOKEN")
    terminal.type(f"{VALUE}\n")
    status, seen = terminal.finish()
    assert status == 0
    assert "TOKEN is set, in the file" in seen
    assert VALUE not in seen
    script = 'printf %s "$TOKEN" | tr a-z A-Z; printf %s "$TOKEN"'
    words = ("run", "mend", "-i", f"check=sh -c '{script}'", "--secret", "TOKEN")
    assert user(*words).returncode == 0
    row = user.json("log")[0]
    assert row["result"]["output"] == f"{VALUE.upper()}[secret:TOKEN]"
    files = [path for path in user.data.rglob("*") if path.is_file()]
    assert [path.parent.name for path in files if VALUE.encode() in path.read_bytes()] == [
        "secrets"
    ]


def test_a_value_is_no_argument(user: User) -> None:
    """Without a terminal it must come from somewhere that others do not see."""
    told = user("secrets", "set", "TOKEN", VALUE)
    assert told.returncode == 2
    told = user("secrets", "set", "TOKEN")
    assert told.returncode == 2
    assert told.stderr == (
        "interlock: standard input is no terminal, so nobody can be asked; give --stdin or --file "
        "FILE; `interlock secrets set --help` shows how\n"
    )
    assert user("secrets", "list").stdout == "no secrets; `interlock secrets set NAME` keeps one\n"
