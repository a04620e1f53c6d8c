"""`interlock start`: what becomes of the input, and every way in which it is refused."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.cli.json_input import MAX_BYTES
from tests.cli.desk import Desk

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)
DEEP = "[" * 100_000 + "]" * 100_000


def test_a_new_session_is_the_current_one(desk: Desk) -> None:
    """It is at its first step, with the input given, in the directory one stands in."""
    made = desk.json("start", "greet", "-i", "name=Ann", "--title", "Say it")
    assert made["type"] == "greet"
    assert (made["status"], made["step"], made["interaction_count"]) == ("active", "hello", 0)
    assert made["input"] == {"name": "Ann"}
    assert made["title"] == "Say it"
    assert made["workdir"] == str(desk.project.resolve())
    assert desk("current").out == f"{made['id']}\n"


def test_without_json_it_says_what_to_do_next(desk: Desk) -> None:
    """The id, the step, and the commands that go on."""
    told = desk("start", "greet")
    assert told.status == 0
    first, second = told.out.splitlines()
    assert first == f"started greet {desk('current').out.strip()} at step hello"
    assert "`interlock run`" in second


def test_options_are_kept(desk: Desk) -> None:
    """Agent, environment and work directory are those given."""
    (desk.project / "sub").mkdir()
    words = ("--agent", "program true", "--environment", "local", "--workdir", "sub")
    made = desk.json("start", "talk", "-i", "text=x", *words)
    assert made["agent"] == "program true"
    assert made["environment"] == "local"
    assert made["workdir"] == str((desk.project / "sub").resolve())


def test_a_value_may_be_text_or_json(desk: Desk) -> None:
    """KEY=VALUE is always text, KEY:=JSON is what JSON says; the first equals sign divides."""
    pairs = ["-i", "name=3", "-i", "again:=true"]
    assert desk.json("start", "greet", *pairs)["input"] == {"name": "3", "again": True}
    assert desk.json("start", "break", "-i", "a=b=c:=d")["input"] == {"a": "b=c:=d"}
    assert desk.json("start", "break", "-i", "n:=[1.5, null]")["input"] == {"n": [1.5, None]}
    assert desk.json("start", "break", "-i", "empty=")["input"] == {"empty": ""}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    given_=st.dictionaries(
        TEXT,
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    )
)  # fmt: skip
def test_any_object_comes_through_unchanged(desk: Desk, given_: dict[str, object]) -> None:
    """What is read from a file is what the session has, and what `show` prints."""
    made = desk.json("start", "break", "--input", "-", input=json.dumps(given_))
    assert made["input"] == given_
    assert desk.json("show", made["id"])["input"] == given_


def test_pairs_win_over_the_file(desk: Desk) -> None:
    """--input has the defaults, -i what differs."""
    file = desk.home / "input.json"
    file.write_text('\ufeff{"name": "Bob", "again": false}', encoding="utf-8")
    made = desk.json("start", "greet", "--input", str(file), "-i", "name=Ann")
    assert made["input"] == {"name": "Ann", "again": False}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-i", "name"), "-i 'name' is not understood; give KEY=VALUE"),
        (("-i", "=x"), "-i '=x' is not understood"),
        (("-i", ":=1"), "-i ':=1' is not understood"),
        (("-i", ""), "-i '' is not understood"),
        (("-i", "name=a", "-i", "name=b"), "-i gives 'name' twice"),
        (("-i", "name:=x"), "-i name:= is not JSON"),
        (("-i", "name:="), "-i name:= is not JSON"),
        (("-i", "name:=NaN"), "-i name:= has NaN, which JSON has not"),
        (("-i", "name:=-Infinity"), "has -Infinity, which JSON has not"),
        (("-i", "name:=1e999"), "input.name has inf, which JSON has not"),
        (("-i", 'name:={"a": 1, "a": 2}'), "-i name:= has the key 'a' twice"),
        (("-i", f"name:={DEEP}"), "-i name:= is nested too deep"),
        (("-i", "name:=" + "[" * 120 + "]" * 120), "nested deeper than 100 levels"),
        (("-i", r'name:="\ud800"'), "has a lone surrogate"),
        (("-i", r'name:="a\u0000"'), "has a NUL character"),
        (("-i", "name:=99999999999999999999"), "a number beyond 64 bits"),
        (("-i", "name:=" + "9" * 5000), "-i name:= is not JSON"),
        (("-i", "nam=x"), "greet has no input 'nam'; it takes name, again"),
        (("--agent", " "), "the agent is empty"),
        (("--workdir", "nowhere"), "--workdir nowhere: there is no such directory"),
        (("--workdir", "~nobody-has-this-name/x"), "--workdir"),
        (("--input", "nowhere.json"), "--input: nowhere.json cannot be read: No such file"),
        (("--input", "."), "--input: . cannot be read: Is a directory"),
        (("--input", "a\udcffb"), "argument 4 ('a\\udcffb') is not text in UTF-8"),
        (("--no-such-option",), "No such option"),
        (("more", "words"), "unexpected extra argument"),
        (("--account", " "), "it is empty"),
        (("--project", "x" * 300), "is no project name"),
    ],
)
def test_wrong_words_are_told_in_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """Exit status 2, one line that names what is wrong, and no session."""
    told = desk("start", "greet", *words)
    assert told.status == 2
    assert told.out == ""
    assert told.err.startswith("interlock: ")
    assert told.err.count("\n") == 1
    assert said.lower() in told.err.lower()
    assert desk.json("list", "--all-projects") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[1]", "--input is a list; it must be an object"),
        (b'"x"', "--input is a string; it must be an object"),
        (b"null", "--input is null; it must be an object"),
        (b"3", "--input is a number; it must be an object"),
        (b"true", "--input is true or false; it must be an object"),
        (b"", "--input is not JSON"),
        (b"{", "--input is not JSON"),
        (b"{'a': 1}", "--input is not JSON"),
        (b'{"a": 1} {"b": 2}', "--input is not JSON: Extra data"),
        (b'{"a": NaN}', "--input has NaN"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "--input has the key 'c' twice"),
        (b'{"a": ' + DEEP.encode() + b"}", "--input is nested too deep"),
        (b'{"a": "\\u0000"}', "input.a has a NUL character"),
        (b'{"a\\u0000b": 1}', "has a NUL character"),
        (b'{"a": "\\udfff"}', "input.a has a lone surrogate"),
        (b'{"a": "\xff"}', "--input: standard input is not UTF-8 at byte 7"),
        (b'{"a": "\x00"}', "--input is not JSON"),
        (b" " * (MAX_BYTES + 1), f"has more than {MAX_BYTES} bytes"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_wrong_input_files_are_told_in_one_line(desk: Desk, text: bytes, said: str) -> None:
    """Exit status 2, one line that names what is wrong, and no session."""
    told = desk("start", "break", "--input", "-", input=text)
    assert told.status == 2
    assert told.err.startswith("interlock: ")
    assert told.err.count("\n") == 1
    assert said in told.err
    assert desk.json("list") == []


def test_a_long_argument_is_kept_whole(desk: Desk) -> None:
    """A million characters are fine, in an argument and in a file."""
    long = "x" * 1_000_000
    assert desk.json("start", "break", "-i", f"a={long}")["input"] == {"a": long}
    made = desk.json("start", "break", "--input", "-", input=json.dumps({"a": long}))
    assert desk.json("show", made["id"])["input"] == {"a": long}
    assert max(map(len, desk("show", made["id"]).out.splitlines())) < 600


def test_an_unknown_type_suggests_the_nearest(desk: Desk) -> None:
    """Exit status 6, and the names that are like it."""
    told = desk("start", "famly")
    assert told.status == 6
    assert told.err == (
        "interlock: there is no session type 'famly'; did you mean family? "
        "`interlock types` lists them\n"
    )


def test_unknown_plugins_are_told_before_anything_is_made(desk: Desk) -> None:
    """An agent or an environment that is not there: exit status 6, no session."""
    for words in (("--agent", "progam ruff"), ("--environment", "locl")):
        told = desk("start", "greet", *words)
        assert told.status == 6
        assert told.err.count("\n") == 1
        assert "did you mean" in told.err
    assert desk.json("list") == []


def test_the_project_is_the_repository_one_stands_in(desk: Desk) -> None:
    """From any directory below it; without git it is the directory; a name given wins."""
    deep = desk.home / "website" / "src" / "deep"
    deep.mkdir(parents=True)
    desk.enter(deep)
    assert desk.json("init")["project"] == "deep"
    subprocess.run(["git", "init", "-q", str(desk.home / "website")], check=True)
    assert desk.json("init")["project"] == "website"
    assert desk.json("init")["directory"] == str(desk.home / "website")
    assert desk.json("init", "--project", "shop")["project"] == "shop"
    desk.set("INTERLOCK_PROJECT", "market")
    assert desk.json("init")["project"] == "market"
    assert desk.json("init", "--project", "shop")["project"] == "shop"


def test_a_work_tree_whose_git_is_a_file_is_a_repository(desk: Desk) -> None:
    """A linked work tree or a submodule has a file `.git`."""
    (desk.project / ".git").write_text("gitdir: /elsewhere\n")
    (desk.project / "sub").mkdir()
    desk.enter(desk.project / "sub")
    found = desk.json("init")
    assert (found["project"], found["git"]) == ("project", True)


def test_an_account_is_named_by_option_or_environment(desk: Desk) -> None:
    """Before the command or after it; the later one wins."""
    own = desk.json("init")["account"]
    desk.set("INTERLOCK_ACCOUNT", "acme")
    assert desk.json("init")["account"] == "acme"
    assert desk.json("--account", "other", "init")["account"] == "other"
    assert desk.json("--account", "other", "init", "--account", "last")["account"] == "last"
    assert own not in ("acme", "other", "last")


def test_a_directory_that_is_gone_is_told(desk: Desk) -> None:
    """The current directory was removed: one line, exit status 2."""
    gone = desk.home / "gone"
    gone.mkdir()
    desk.enter(gone)
    gone.rmdir()
    told = desk("list")
    assert told.status == 2
    assert told.err == ("interlock: the current directory is gone; change to one that exists\n")
    desk.enter(desk.project)


def test_a_directory_with_odd_bytes_has_a_project(desk: Desk, tmp_path: Path) -> None:
    """A name that is not UTF-8 is written with escapes."""
    odd = Path(str(tmp_path) + "/odd\udcff")
    odd.mkdir()
    desk.enter(odd)
    assert desk.json("init")["project"] == "odd\\udcff"
    assert desk("list").status == 0
