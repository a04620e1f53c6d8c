"""`interlock secrets`, sessions that have some, and the very bytes that a row printed."""

import subprocess
import sys

import pytest

from tests.acceptance.user import COMMAND
from tests.cli.desk import Desk

VALUE = "hunter22-and-more"
PRINT = r"import os; os.write(1, b'\xff\0\\xff \xc3\xa9'); os.write(2, b'e\x80')"


def give(desk: Desk, *words: str) -> None:
    """Set the secret TOKEN."""
    told = desk("secrets", "set", "TOKEN", "--stdin", *words, input=f"{VALUE}\n")
    assert told.status == 0, told.err
    assert VALUE not in told.out + told.err


def test_secrets_are_listed_by_name(desk: Desk) -> None:
    """Where, with a fingerprint, never the value; forgotten ones are gone."""
    give(desk)
    (told,) = desk.json("secrets", "list")
    assert (told["name"], told["place"]) == ("TOKEN", "file")
    assert set(told) == {"name", "place", "fingerprint", "set_at"}
    shown = desk("secrets", "list").out
    assert desk("secrets").out == shown
    assert VALUE not in shown
    assert f"TOKEN  file     {told['fingerprint']}" in shown
    assert desk("secrets", "remove", "TOKEN").out == "TOKEN is forgotten\n"
    assert desk.json("secrets", "list") == []
    again = desk("secrets", "remove", "TOKEN")
    assert (again.status, again.out) == (3, "")
    assert again.err.startswith("interlock: there is no secret TOKEN in this account")


def test_another_account_has_none_of_them(desk: Desk) -> None:
    """It neither sees, nor removes, nor uses, nor finds them; another project does."""
    give(desk)
    assert desk.json("secrets", "list", "--account", "other") == []
    assert desk("secrets", "remove", "TOKEN", "--account", "other").status == 3
    told = desk("start", "greet", "--secret", "TOKEN", "--account", "other")
    assert told.status == 3
    assert told.err == (
        "interlock: there is no secret TOKEN in this account; `interlock secrets set TOKEN` "
        "makes it\n"
    )
    assert desk.json("secrets", "audit", "--account", "other") == []
    assert len(desk.json("secrets", "list", "--project", "elsewhere")) == 1


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_value_is_read_from_a_file(desk: Desk, end: str) -> None:
    """Without the line end after it."""
    file = desk.home / "value"
    file.write_bytes(f"{VALUE}{end}".encode())
    made = desk.json("secrets", "set", "TOKEN", "--file", str(file))
    give(desk)
    assert desk.json("secrets", "list")[0]["fingerprint"] == made["fingerprint"]


@pytest.mark.parametrize(
    ("words", "input", "said"),
    [
        (("TOKEN", "--stdin"), "abc", "has 3 bytes; give at least 6"),
        (("TOKEN", "--stdin"), "", "has 0 bytes; give at least 6"),
        (("TO KEN", "--stdin"), VALUE, "'TO KEN' cannot name a secret"),
        (("PATH", "--stdin"), VALUE, "PATH has a meaning of its own"),
        (("TOKEN", "--file", "nowhere"), "", "--file: nowhere cannot be read"),
        (("TOKEN", "--file", "f", "--stdin"), "", "give --stdin or --file, not both"),
        (("TOKEN", "--stdin"), b"\xff\xfe1234567", "standard input is not UTF-8 at byte 0"),
    ],
)
def test_what_cannot_be_set_is_refused(
    desk: Desk, words: tuple[str, ...], input: str | bytes, said: str
) -> None:
    """In one line that does not tell the value."""
    told = desk("secrets", "set", *words, input=input)
    assert told.status == 2
    assert said in told.err
    assert told.err.count("\n") == 1
    assert VALUE not in told.err


def test_a_session_has_the_secrets_it_names(desk: Desk) -> None:
    """Its commands get them; log, show and export have the name alone."""
    give(desk)
    check = "check=sh -c 'echo =$TOKEN='"
    told = desk("run", "mend", "-i", check, "--secret", "TOKEN")
    assert told.status == 0, told.err
    assert desk.json("log")[0]["result"]["output"] == "=[secret:TOKEN]=\n"
    shown = "".join(desk(*words).out for words in (("log", "--full"), ("show",), ("export",)))
    assert "--secret TOKEN" in shown
    assert VALUE not in shown + told.out + told.err


def test_a_session_whose_secret_is_gone_does_not_run(desk: Desk) -> None:
    """No command is begun, so that it goes on when the secret is there again."""
    give(desk)
    key = desk.start("greet", "--secret", "TOKEN")
    desk("secrets", "remove", "TOKEN")
    told = desk("run", key)
    assert told.status == 3
    assert told.err.startswith("interlock: there is no secret TOKEN in this account")
    assert desk.json("show")["interaction_count"] == 0
    give(desk)
    assert desk("run", key).status == 0


def test_what_is_submitted_is_cleared(desk: Desk) -> None:
    """Output, data and error."""
    give(desk)
    desk.start("greet")
    desk("next")
    data = f'{{"k": "{VALUE}"}}'
    told = desk("submit", "1", "--status", "ok", "--output", VALUE, "--data", data)
    assert told.status == 0, told.err
    result = desk.json("log")[0]["result"]
    assert (result["output"], result["data"]) == ("[secret:TOKEN]", {"k": "[secret:TOKEN]"})


def test_a_secret_in_an_input_is_refused(desk: Desk) -> None:
    """It would be in the log for ever."""
    give(desk)
    told = desk("start", "greet", "-i", f"name=<{VALUE}>")
    assert told.status == 2
    assert "leave it out and say --secret TOKEN" in told.err
    assert VALUE not in told.err


def test_an_audit_names_what_was_kept_before(desk: Desk) -> None:
    """By session and row, with the fingerprint; exit status 1."""
    key = desk.start("greet", "-i", f"name={VALUE}")
    desk("run", key)
    assert desk("secrets", "audit").out == "looked for 0 secrets; no places hold one\n"
    give(desk)
    told = desk("secrets", "audit")
    (secret,) = desk.json("secrets", "list")
    print_of = f"holds TOKEN, fingerprint {secret['fingerprint']}"
    assert told.status == 1
    assert told.out.splitlines() == [
        f"{key}: session {print_of}",
        f"{key}.1: command {print_of}",
        f"{key}.1: result {print_of}",
        f"{key}.1: event {print_of}",
        "looked for 1 secret; 4 places hold one",
    ]
    listed = desk("secrets", "audit", "--json")
    assert listed.status == 1
    assert listed.json[1] == {
        "session_id": key, "seq": 1, "in": "command", "name": "TOKEN",
        "fingerprint": secret["fingerprint"],
    }  # fmt: skip
    assert VALUE not in told.out + listed.out


def test_the_bytes_that_a_row_printed(desk: Desk) -> None:
    """Just as they were; the log shows what is no text with a mark."""
    (desk.project / "print.py").write_text(PRINT)
    told = desk("run", "mend", "-i", f"check={sys.executable} print.py")
    assert told.status == 0, told.err
    result = desk.json("log")[0]["result"]
    assert result["stdout"] == "\ufffd\\xff\ufffd\\x00\\xff é"
    assert result["stderr"] == "e\ufffd\\x80"
    command = [COMMAND, "log", "--raw", "1"]
    done = subprocess.run(command, capture_output=True, cwd=desk.project)
    assert (done.stdout, done.stderr) == (b"\xff\0\\xff \xc3\xa9", b"e\x80")
    submitted = desk.start("greet")
    desk("next")
    desk("submit", "1", "--status", "ok", "--output", "-", input="a\0b\n")
    done = subprocess.run([*command, submitted], capture_output=True, cwd=desk.project)
    assert (done.stdout, done.stderr) == (b"a\0b\n", b"")


def test_there_is_no_row_of_that_number(desk: Desk) -> None:
    """Nor one without a result."""
    desk.start("greet")
    desk("next")
    for number in ("1", "2", "0", "-1"):
        told = desk("log", "--raw", number)
        assert (told.status, told.out) == (3, "")
        assert f"has no result numbered {number}; `interlock log` shows those" in told.err
