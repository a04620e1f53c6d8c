"""The options of an agent: the session's, the prompt's over them, and nothing that is not known."""

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from interlock.agents.options import CHECKS, Settings, merge, read_options, read_words
from interlock.agents.tools import split_tools, take_apart
from interlock.engine import Prompt
from interlock.engine.errors import InvalidInput
from tests.agents.streams import AGENTS, SESSION, load

ALL = tuple(CHECKS)
SERVERS = {"engine": {"command": "serve", "args": ["-x"], "env": {"TOKEN": "t"}}}


def test_words_are_read_as_a_person_writes_them() -> None:
    """A blank or `=` before a value; a list may come in parts; after -- all is the program's."""
    words = (
        *("--model", "opus", "--max-turns=20", "--permission-mode", "acceptEdits", "--read-only"),
        *("--allowed-tools", "Edit,Bash(git log, git *)", "--allowed-tools=Read", "--env", "A,B"),
        *("--system", "--- be brief", "--mcp", '{"s": {"command": "c"}}'),
        *("--", "--model", "x", "--"),
    )
    assert read_words("a", words, ALL) == {
        "model": "opus",
        "max_turns": 20,
        "permission_mode": "acceptEdits",
        "read_only": True,
        "allowed_tools": ("Edit", "Bash(git log, git *)", "Read"),
        "env": ("A", "B"),
        "system": "--- be brief",
        "mcp": {"s": {"command": "c"}},
        "arguments": ("--model", "x", "--"),
    }
    assert read_words("a", (), ALL) == {}


WORDS: list[tuple[tuple[str, ...], str]] = [
    (("--colour", "x"), "a has no option '--colour'; it has --model, --permission-mode, --read"),
    (("--arguments", "x"), "has no option '--arguments'"),
    (("opus",), "has no option 'opus'; it has .* what the program itself is to get follows after"),
    (("-m", "x"), "has no option '-m'"),
    (("--model",), "--model needs a value"),
    (("--model", "x", "--model", "y"), "--model is given twice"),
    (("--model", ""), "--model is a text that does not begin with a dash, not ''"),
    (("--model", "--yolo"), "--model is a text that does not begin with a dash, not '--yolo'"),
    (("--read-only=yes",), "--read-only takes no value"),
    (("--max-turns", "0"), "--max-turns is a whole number from 1, not 0"),
    (("--max-turns", "many"), "--max-turns is a whole number from 1, not 'many'"),
    (("--allowed-tools", "Edit,,Read"), "--allowed-tools is tools, as in .*, not ''"),
    (("--allowed-tools", "--yolo"), "--allowed-tools is tools"),
    (("--env", "A B"), "--env is names of variables"),
    (("--mcp", "engine"), "--mcp is an object like"),
    (("--mcp", '{"a b": {"command": "c"}}'), "--mcp: 'a b' is no server"),
    (("--mcp", '{"a": {"command": "c", "cwd": "/"}}'), "--mcp: 'a' is no server"),
    (("--mcp", '{"a": {"command": "c", "args": [1]}}'), "--mcp: 'a' is no server"),
    (("--mcp", "[" * 100_000), "--mcp is an object like"),
]


@pytest.mark.parametrize(("words", "said"), WORDS)
def test_words_that_cannot_be_used_are_refused(words: tuple[str, ...], said: str) -> None:
    """In one line, with the options there are."""
    with pytest.raises(InvalidInput, match=said):
        read_words("a", words, ALL)


OPTIONS: list[tuple[Mapping[str, Any], str]] = [
    ({"colour": 1}, "a has no option 'colour'; it has model, permission_mode, read_only, allowed"),
    ({"model": None}, "model is a text that does not begin with a dash, not None"),
    ({"read_only": "yes"}, "read_only is true or false, not 'yes'"),
    ({"max_turns": True}, "max_turns is a whole number from 1, not True"),
    ({"max_turns": 1.5}, "max_turns is a whole number from 1, not 1.5"),
    ({"allowed_tools": [1]}, r"allowed_tools is a list of texts, not \[1\]"),
    ({"arguments": "--x"}, "arguments is a list of texts, not '--x'"),
    ({"system": " "}, "system is a text, not ' '"),
    ({"mcp": []}, "mcp is an object like"),
]


@pytest.mark.parametrize(("given", "said"), OPTIONS)
def test_a_prompts_options_are_checked_alike(given: Mapping[str, Any], said: str) -> None:
    """By type too: they come from code."""
    with pytest.raises(InvalidInput, match=said):
        read_options("a", given, ALL)


def test_a_prompts_options_go_before_the_sessions() -> None:
    """But what is denied stays denied, and variables are added."""
    session = read_words(
        "a", ("--model", "opus", "--denied-tools", "Bash", "--env", "A", "--max-turns", "9"), ALL
    )
    prompt = {"model": "haiku", "denied_tools": ["Write", "Bash"], "env": ["B"], "mcp": SERVERS}
    assert merge("a", session, read_options("a", prompt, ALL)) == Settings(
        model="haiku",
        denied_tools=("Bash", "Write"),
        env=("A", "B"),
        max_turns=9,
        mcp=SERVERS,
    )


def test_reading_only_takes_all_permissions_away() -> None:
    """Those of the session and its servers; a server that the prompt itself names stays."""
    words = (
        "--permission-mode",
        "bypass",
        "--allowed-tools",
        "Bash",
        "--mcp",
        '{"s": {"command": "c"}}',
    )
    session = read_words("a", words, ALL)
    assert merge("a", session, {"read_only": True}) == Settings(read_only=True)
    own = merge("a", session, read_options("a", {"read_only": True, "mcp": SERVERS}, ALL))
    assert own == Settings(read_only=True, mcp=SERVERS)


def test_a_session_that_only_reads_stays_so() -> None:
    """Whatever a prompt asks for."""
    session = read_words("a", ("--read-only",), ALL)
    for prompt in (
        {"read_only": False},
        {"permission_mode": "bypass"},
        {"allowed_tools": ("Bash",)},
    ):
        assert merge("a", session, prompt) == Settings(read_only=True)


def test_reading_only_and_a_permission_exclude_each_other() -> None:
    """Where both are said in one place."""
    for other in ({"permission_mode": "x"}, {"allowed_tools": ("Bash",)}):
        with pytest.raises(InvalidInput, match=r"read_only and .* exclude each other"):
            merge("a", {}, {"read_only": True, **other})
        with pytest.raises(InvalidInput, match=r"read_only and .* exclude each other"):
            merge("a", {"read_only": True, **other}, {})


def test_tools_are_split_at_commas_outside_of_brackets() -> None:
    """And taken apart into name and pattern."""
    assert split_tools("t", "Edit, Bash(a, b),mcp__x__*") == ("Edit", "Bash(a, b)", "mcp__x__*")
    assert [take_apart(tool) for tool in ("Edit", "Bash(git *)")] == [
        ("Edit", None),
        ("Bash", "git *"),
    ]


@pytest.mark.parametrize("name", AGENTS)
def test_every_agent_names_the_options_it_has(name: str) -> None:
    """And refuses those that it cannot keep, in a prompt and in a session."""
    agent = load(name)
    for option in CHECKS:
        word = f"--{option.replace('_', '-')}"
        if option not in agent.options:
            with pytest.raises(
                InvalidInput, match=f"{name} has no option '{option}'; it has model"
            ):
                agent.invoke(Prompt("x", options={option: 1}), SESSION, ())
            with pytest.raises(
                InvalidInput, match=f"{name} has no option '{word}'; it has --model"
            ):
                agent.invoke(Prompt("x"), SESSION, (word, "1"))


RISKY = {
    "claude-code": [
        "--dangerously-skip-permissions",
        "--tools",
        "--allowedTools=Bash",
        "--settings",
    ],
    "codex": ["--dangerously-bypass-approvals-and-sandbox", "-s", "--sandbox=x", "sandbox_mode=x"],
    "gemini": ["--yolo", "-y", "--approval-mode=yolo", "--policy", "--allowed-tools"],
    "opencode": ["--auto", "--agent=build", "--attach"],
    "aider": ["--chat-mode", "--edit-format=whole", "--auto-test", "--load", "--config"],
}


@pytest.mark.parametrize("name", AGENTS)
def test_no_argument_gets_around_reading_only(name: str) -> None:
    """Arguments that could are refused then, and only then."""
    agent = load(name)
    only_reads = Prompt("x", options={"read_only": True})
    for word in RISKY[name]:
        with pytest.raises(InvalidInput, match="a prompt that only reads cannot be asked with"):
            agent.invoke(only_reads, SESSION, ("--", word, "x"))
        assert word in agent.invoke(Prompt("x"), SESSION, ("--", word, "x")).argv


@pytest.mark.parametrize("name", AGENTS)
def test_the_prompt_is_never_an_argument(name: str) -> None:
    """However long it is and whatever it begins with: it goes to standard input or into a file."""
    agent = load(name)
    for text in ("--yolo\n", "/run rm -rf .", "!rm", "-", "x\n" * 500_000, "{files}/prompt.md"):
        asked = agent.invoke(Prompt(text), SESSION, ())
        assert asked.argv == agent.invoke(Prompt("other"), SESSION, ()).argv
        assert sum(map(len, asked.argv)) < 5000
        assert text in (asked.stdin or asked.files["prompt.md"])


@pytest.mark.parametrize("name", AGENTS)
def test_instructions_reach_the_agent_in_each_turn(name: str) -> None:
    """Beside the prompt or before it; in a conversation that goes on always before it, because a
    program may keep those that the conversation began with."""
    agent = load(name)
    for system in ("Answer in rhyme.", "Rule.\n" * 30_000):
        first = agent.invoke(Prompt("x", options={"system": system}), SESSION, ())
        told = [*first.argv, first.stdin or "", *first.files.values()]
        assert sum(text.count(system.splitlines()[0]) for text in told) >= 1
        assert all(len(word) < 100_000 for word in first.argv)
        state = {"conversations": {name: "abc-1"}}
        resumed = agent.invoke(
            Prompt("x", resume=True, options={"system": system}), evolve(SESSION, state=state), ()
        )
        assert system in (resumed.stdin or resumed.files["prompt.md"])
        assert not any("rhyme" in word for word in resumed.argv)


@pytest.mark.parametrize("name", AGENTS)
def test_a_program_in_another_place_can_be_named(name: str) -> None:
    """And variables that it may have."""
    asked = load(name).invoke(Prompt("x"), SESSION, ("--program", "/opt/x", "--env", "MY_KEY"))
    assert asked.argv[0] == "/opt/x"
    assert asked.inherit[-1] == "MY_KEY"
    assert asked.structured


@pytest.mark.parametrize("name", AGENTS)
def test_secrets_of_servers_are_in_no_argument(name: str) -> None:
    """What a server gets as a variable is not seen in the list of processes."""
    agent = load(name)
    if "mcp" in agent.options:
        asked = agent.invoke(
            Prompt("x", options={"mcp": {"s": {"command": "c", "env": {"TOKEN": "hidden-1"}}}}),
            SESSION,
            (),
        )
        assert "hidden-1" not in " ".join(asked.argv)
        assert "hidden-1" in "".join((*asked.files.values(), *asked.env.values()))
