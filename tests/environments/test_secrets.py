"""A command has the secrets its session names, and nothing that it prints has them."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from attrs import evolve

from interlock.agents.invocation import Event, Invocation
from interlock.engine import Prompt, Result, Session, Shell
from interlock.engine.errors import InvalidInput
from interlock.environments.local import Local
from interlock.environments.options import Options, allow, read_options, secrets_of
from interlock.secrets import vault
from tests.environments.desk import Desk

VALUE = "hunter22-and-more"
PRINT = "import os, sys; sys.stdout.write(os.environ['TOKEN']); sys.stdout.flush()"


@pytest.fixture(autouse=True)
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account with a secret."""
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path / "data"))
    vault.put("a", "TOKEN", VALUE)
    yield
    vault.remove("a", "TOKEN")


def desk_of(tmp_path: Path, *names: str, account: str = "a") -> Desk:
    """A desk whose session may have the secrets of these names."""
    (tmp_path / "work").mkdir()
    desk = Desk(tmp_path / "work")
    desk.session = evolve(desk.session, account_id=account, environment=allow("local", names))
    return desk


def test_a_command_has_the_secret_and_its_output_has_not(tmp_path: Path) -> None:
    """It is a variable; it is no argument; it is in no event and no part of the result."""
    desk = desk_of(tmp_path, "TOKEN")
    script = f"{PRINT}; sys.stderr.write(os.environ['TOKEN'].encode().hex()); print(sys.argv)"
    result = desk.python(script)
    assert result.ok
    assert (result.stdout or "").startswith("[secret:TOKEN]['-c']")
    assert result.stderr == "[secret:TOKEN]"
    assert VALUE not in repr(desk.events) + repr(result)
    assert VALUE.encode().hex() not in repr(desk.events) + repr(result)


def test_a_session_that_does_not_name_it_has_it_not(tmp_path: Path) -> None:
    """The variable is not there; the value is hidden all the same."""
    desk = desk_of(tmp_path)
    result = desk.python(f"import os; print('TOKEN' in os.environ, {VALUE!r})")
    assert result.output == "False [secret:TOKEN]\n"


def test_a_secret_wins_over_other_variables(tmp_path: Path) -> None:
    """Who names it means it."""
    desk = desk_of(tmp_path, "TOKEN")
    result = desk.python("import os; print(os.environ['TOKEN'] == 'x')", env={"TOKEN": "x"})
    assert result.output == "False\n"


def test_a_secret_that_is_missing_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    """For a stranger too: no command starts without what it needs."""
    desk = desk_of(tmp_path, "TOKEN", account="b")
    result = desk.python("open('ran', 'w')")
    assert result.status == "error"
    assert result.error == (
        "there is no secret TOKEN in this account; `interlock secrets set TOKEN` makes it"
    )
    assert not (desk.workdir / "ran").exists()


def test_a_secret_cut_in_two_is_found(tmp_path: Path) -> None:
    """Whatever the program waits between its halves."""
    desk = desk_of(tmp_path, "TOKEN")
    result = desk.python(
        "import os, sys, time\n"
        "for letter in '<' + os.environ['TOKEN'] + '>':\n"
        "    os.write(1, letter.encode()); time.sleep(0.02)"
    )
    assert result.stdout == desk.shown("stdout") == "<[secret:TOKEN]>"


def test_credentials_handed_to_a_command_are_hidden(tmp_path: Path) -> None:
    """By the names of the variables, without being registered."""
    desk = desk_of(tmp_path)
    script = "import os; print(os.environ['MY_API_KEY'], os.environ['MODE'])"
    result = desk.python(script, env={"MY_API_KEY": "abcdefgh", "MODE": "abcdefg-"})
    assert result.output == "[secret:MY_API_KEY] abcdefg-\n"


class Echo:
    """An agent that prints its key in JSON, with an escape for a letter of it."""

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The process."""
        line = json.dumps({"text": VALUE}).replace("h", "\\u0068")
        encoded = base64.b64encode(line.encode()[::-1]).decode()
        script = f"import base64; print(base64.b64decode({encoded!r})[::-1].decode())"
        return Invocation(("{python}", "-I", "-c", script), structured=True, inherit=("SOME_KEY",))

    def read(self, prompt: Prompt, result: Result) -> Result:
        """Not asked: there is a reader."""
        raise AssertionError(result)

    def reader(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> "EchoReader":
        """The reader."""
        return EchoReader()


class EchoReader:
    """Tells what a line decodes to."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def feed(self, line: str) -> list[Event]:
        """An event with the text."""
        self.texts.append(json.loads(line)["text"])
        return [("text", {"text": self.texts[-1]})]

    def finish(self, result: Result) -> Result:
        """A result with all texts."""
        return evolve(result, output=" ".join(self.texts), data={"texts": self.texts})


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "inherited"])
def test_what_a_reader_decodes_is_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registered: bool
) -> None:
    """Its line hid the value from the eye; its events and its result have it not."""
    desk = desk_of(tmp_path, account="a" if registered else "b")
    monkeypatch.setenv("SOME_KEY", "other-value" if registered else VALUE)
    name = "TOKEN" if registered else "SOME_KEY"
    desk.local = Local(find_agent=lambda _: Echo())
    desk.session = evolve(desk.session, agent="echo")
    result = desk.do(Prompt("hello"))
    assert desk.events == [("text", {"text": f"[secret:{name}]"})]
    assert (result.output, result.data) == (f"[secret:{name}]", {"texts": [f"[secret:{name}]"]})


def test_the_words_of_an_environment_name_secrets() -> None:
    """Behind any environment that takes them, each once."""
    assert allow(None, ("A", "B")) == "local --secret A --secret B"
    assert allow("clone --setup 'make x'", ("A",)) == "clone --setup 'make x' --secret A"
    assert allow("clone", ()) == "clone"
    assert secrets_of(allow("clone --setup '--secret no'", ("A", "B", "A"))) == ("A", "B")
    assert secrets_of("local --secret=A") == ("A",)
    assert secrets_of("local") == secrets_of(None) == ()
    assert read_options("clone", ("--secret", "A", "--setup", "make x", "--secret=B")) == Options(
        ("make", "x"), ("A", "B")
    )
    for words in (("--setup", "make"), ("--secret",), ("x",)):
        with pytest.raises(InvalidInput, match="local takes --secret NAME, not"):
            Local().check(words)


def test_no_command_line_has_the_value(tmp_path: Path) -> None:
    """Neither the command's nor its supervisor's, which also has it in no variable."""
    desk = desk_of(tmp_path, "TOKEN")
    script = "echo $$ > pid; echo ready; while ! test -e go; do sleep 0.05; done"
    future = desk.start(Shell(("sh", "-c", script)))
    try:
        command = psutil.Process(int((desk.workdir / "pid").read_text()))
        supervisor = command.parent()
        assert supervisor is not None
        assert supervisor.pid != os.getpid()
        assert VALUE not in repr([command.cmdline(), supervisor.cmdline()])
        assert command.environ()["TOKEN"] == VALUE
        try:
            seen = supervisor.environ()
        except psutil.AccessDenied:  # unless this is a user who may see everything
            seen = {}
        assert VALUE not in repr(seen)
    finally:
        (desk.workdir / "go").touch()
        future.result(timeout=60)
