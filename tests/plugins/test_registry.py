"""Loading plugins: on use, once, and whatever is wrong with one is one line about that one."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Call, Interaction, Prompt, Result, Session, SessionType, start
from interlock.engine.errors import BrokenType, InterlockError, PluginUnusable, UnknownType
from interlock.plugins import (
    AGENTS,
    ENVIRONMENTS,
    EXPORTERS,
    SESSION_TYPES,
    available,
    load_agent,
    load_environment,
    load_exporter,
    load_type,
)
from interlock.plugins.builtin import BUILTIN
from tests.plugins.site_packages import SitePackages, session_type

Load = Callable[[str], Any]

LOADERS: dict[str, Load] = {
    SESSION_TYPES: load_type,
    AGENTS: load_agent,
    ENVIRONMENTS: load_environment,
    EXPORTERS: load_exporter,
}
OTHERS = [group for group in LOADERS if group != SESSION_TYPES]

# what the module `acme` holds, the entry point's target, what is said
BROKEN_TYPES = [
    (
        "import not_there_at_all",
        "acme:T",
        "ModuleNotFoundError: No module named 'not_there_at_all'",
    ),
    ("def broken(:", "acme:T", "SyntaxError: invalid syntax"),
    ("raise SystemExit(3)", "acme:T", "SystemExit: 3"),
    ("raise GeneratorExit", "acme:T", "GeneratorExit"),
    ("class E(BaseException): ...\nraise E('own')", "acme:T", "E: own"),
    ("raise ValueError('one\\n\\ttwo\\x1b[31m')", "acme:T", "ValueError: one two?[31m"),
    ("raise ValueError('x' * 10**6)", "acme:T", "ValueError: xxx"),
    ("raise ValueError('\\udcff')", "acme:T", "ValueError: ?"),
    (
        "class E(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise E",
        "acme:T",
        "does not load: E;",
    ),
    ("T = 5", "acme:T", "it is a int, not a subclass of SessionType"),
    ("def T(): ...", "acme:T", "it is a function, not a subclass"),
    ("class T: ...", "acme:T", "it is a type, not a subclass"),
    ("from interlock import SessionType as T", "acme:T", "SessionType has no transitions"),
    (session_type("Other"), "acme:Other", "Other is named other, its entry point t"),
    (session_type("T").replace('"work", C', '"wrok", C'), "acme:T", "unknown step 'wrok'"),
    (
        session_type("T") + "    def __init__(self, needed): ...",
        "acme:T",
        "T() raised TypeError: T.__init__() missing 1 required positional argument: 'needed'",
    ),
    ("", "acme:T", "AttributeError: module 'acme' has no attribute 'T'"),
    ("", "acme", "AttributeError"),
    ("", "acme_gone:T", "ModuleNotFoundError"),
    ("", ":T", "ValueError"),
    ("", "what is this", "ModuleNotFoundError"),
    ("", ".relative:T", "TypeError"),
]
BROKEN_OTHERS = [
    ("raise SystemExit", "SystemExit"),
    ("T = None", "its NoneType has no method"),
    ("class T: ...", "its T has no method"),
    ("class T:\n    invoke = read = execute = 1", "its T has no method"),
    ("class T:\n    def __init__(self, needed): ...", "TypeError"),
    ("class T:\n    def __getattr__(self, name):\n        raise KeyError(name)", "KeyError"),
]


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, table in BUILTIN.items() for name in table]
)
def test_every_builtin_loads(group: str, name: str) -> None:
    """Each name of the table stands for what its target says, and a type has that very name."""
    loaded = LOADERS[group](name)
    module, _, attribute = BUILTIN[group][name].partition(":")
    named = getattr(sys.modules[module], attribute)
    assert loaded is named or type(loaded) is named
    assert group != SESSION_TYPES or loaded.name == name
    assert LOADERS[group](name) is loaded


def test_a_builtin_loads_without_a_look_at_what_is_installed() -> None:
    """A fresh interpreter that loads one has not even imported the reader of metadata."""
    program = (
        "import sys\n"
        "from interlock.plugins import load_type\n"
        "print(load_type('mend').name, 'importlib.metadata' in sys.modules)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert asked.stdout == "mend False\n", asked.stderr


def test_an_installed_session_type_runs(site: SitePackages) -> None:
    """The class behind the entry point is what a session of that name is started with."""
    site.install("acme", {SESSION_TYPES: {"greet": "acme:Greet"}}, {"acme": session_type("Greet")})
    kind = load_type("greet")
    assert issubclass(kind, SessionType)
    assert start(kind()).type == "greet"


def test_an_installed_agent_is_a_class_or_an_object(site: SitePackages) -> None:
    """A class is made without arguments; an object is taken as it is."""
    text = (
        "from interlock.agents.invocation import Invocation\n"
        "class Bot:\n"
        "    def invoke(self, prompt, session, options):\n"
        "        return Invocation(('bot', prompt.text, *options))\n"
        "    def read(self, prompt, result):\n"
        "        return result\n"
        "bot = Bot()\n"
    )
    site.install("acme", {AGENTS: {"made": "acme:Bot", "given": "acme:bot"}}, {"acme": text})
    for name in ("made", "given"):
        invocation = load_agent(name).invoke(Prompt("hi"), Session("t", "work"), ("-v",))
        assert invocation.argv == ("bot", "hi", "-v")
    assert load_agent("given") is sys.modules["acme"].bot


def test_an_installed_environment_executes(site: SitePackages) -> None:
    """What the environment's execute returns is what its caller gets."""
    text = (
        "from interlock import Result\n"
        "class Echo:\n"
        "    def execute(self, session, interaction, *, emit, stop):\n"
        "        emit('output', {'text': 'hi'})\n"
        "        return Result(output=interaction.command.function)\n"
    )
    site.install("acme", {ENVIRONMENTS: {"echo": "acme:Echo"}}, {"acme": text})
    seen: list[str] = []
    result = load_environment("echo").execute(
        Session("t", "work"),
        Interaction(1, "work", 1, Call("ping")),
        emit=lambda event, data: seen.append(event),
        stop=Event(),
    )
    assert (result, seen) == (Result(output="ping"), ["output"])


def test_an_installed_exporter_writes(site: SitePackages) -> None:
    """A function is an exporter."""
    text = "def count(session, interactions):\n    return f'{session.type}: {len(interactions)}'"
    site.install("acme", {EXPORTERS: {"count": "acme:count"}}, {"acme": text})
    assert load_exporter("count")(Session("t", "work"), []) == "t: 0"


@pytest.mark.parametrize(("text", "target", "said"), BROKEN_TYPES)
def test_a_broken_session_type_is_one_line(
    site: SitePackages, text: str, target: str, said: str
) -> None:
    """The line names the type and its distribution and says what to do; other types still load."""
    site.install("bad-one", {SESSION_TYPES: {"t": target}}, {"acme": text})
    site.install("good", {SESSION_TYPES: {"good": "good:Good"}}, {"good": session_type("Good")})
    with pytest.raises(BrokenType) as caught:
        load_type("t")
    message = str(caught.value)
    assert message.startswith("session type t of bad-one 1.0 does not load: ")
    assert message.endswith("; reinstall or remove bad-one 1.0")
    assert said in message
    assert message.isprintable()
    assert len(message) < 700
    assert message.encode()
    assert [load_type(name).name for name in ("good", "mend")] == ["good", "mend"]


@pytest.mark.parametrize("group", OTHERS)
@pytest.mark.parametrize(("text", "said"), BROKEN_OTHERS)
def test_a_broken_plugin_is_one_line(site: SitePackages, group: str, text: str, said: str) -> None:
    """So it is for agents, environments and exporters; the built-ins still load."""
    site.install("bad-one", {group: {"t": "acme:T"}}, {"acme": text})
    with pytest.raises(PluginUnusable) as caught:
        LOADERS[group]("t")
    message = str(caught.value)
    assert f" t of bad-one 1.0 does not load: {said}" in message
    assert message.endswith("; reinstall or remove bad-one 1.0")
    assert LOADERS[group](next(iter(BUILTIN[group])))


def test_an_interrupt_is_not_taken_for_a_fault(site: SitePackages) -> None:
    """Ctrl-C while a plugin is imported stops what was going on."""
    site.install("acme", {AGENTS: {"t": "acme:T"}}, {"acme": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        load_agent("t")


def test_a_plugin_is_loaded_once(tmp_path: Path, site: SitePackages) -> None:
    """The second use of a name gives the same object, even when the plugin is gone by then."""
    text = "made = []\nclass Bot:\n    def __init__(self): made.append(self)\n"
    text += "    def invoke(self, *given): ...\n    def read(self, *given): ...\n"
    site.install("acme", {AGENTS: {"bot": "acme:Bot"}}, {"acme": text})
    bot = load_agent("bot")
    (site.path / "acme-1.0.dist-info" / "entry_points.txt").unlink()
    assert load_agent("bot") is bot
    assert sys.modules["acme"].made == [bot]


def test_a_load_that_failed_is_tried_again(
    site: SitePackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was missing may be there the next time."""
    text = "import os\nos.environ['ACME_READY']\n" + session_type("Later")
    site.install("acme", {SESSION_TYPES: {"later": "acme:Later"}}, {"acme": text})
    monkeypatch.delenv("ACME_READY", raising=False)
    with pytest.raises(BrokenType, match="KeyError: 'ACME_READY'"):
        load_type("later")
    monkeypatch.setenv("ACME_READY", "1")
    assert load_type("later").name == "later"


def test_extras_of_an_entry_point_are_passed_over(site: SitePackages) -> None:
    """`module:attribute [extra]` is the old way to write a target, and still allowed."""
    modules = {"acme": session_type("Greet")}
    site.install("acme", {SESSION_TYPES: {"greet": "acme:Greet [fast]"}}, modules)
    assert load_type("greet").name == "greet"


@pytest.mark.parametrize("name", BUILTIN[SESSION_TYPES])
def test_a_mistyped_name_suggests_the_right_one(name: str) -> None:
    """One letter left out anywhere still leads to the name that was meant."""
    for index in range(len(name)):
        wrong = name[:index] + name[index + 1 :]
        if wrong in BUILTIN[SESSION_TYPES]:
            continue
        with pytest.raises(UnknownType) as caught:
            load_type(wrong)
        assert f"there is no session type {wrong!r}; did you mean " in str(caught.value)
        assert name in str(caught.value).split("did you mean")[1]
        assert str(caught.value).endswith("? `interlock types` lists them")


@pytest.mark.parametrize("group", OTHERS)
def test_an_unknown_name_is_told_what_there_is(group: str) -> None:
    """Agents, environments and exporters are few: the error names them all."""
    with pytest.raises(PluginUnusable) as caught:
        LOADERS[group]("qqq")
    assert str(caught.value).endswith(f"; use {' or '.join(BUILTIN[group])}")


def test_a_suggestion_may_be_an_installed_type(site: SitePackages) -> None:
    """Installed types are suggested too, and those that are not used are not."""
    site.install("acme", {SESSION_TYPES: {"deploy": "acme:Deploy", "Deplox": "acme:Deplox"}})
    with pytest.raises(UnknownType, match=r"'deplo'; did you mean deploy\? `interlock types`"):
        load_type("deplo")


@given(group=st.sampled_from(list(LOADERS)), name=st.text(max_size=2000))
def test_any_text_may_be_asked_for(group: str, name: str) -> None:
    """A name that is not listed is one short printable line, whatever it is."""
    if name in [plugin.name for plugin in available(group)]:
        return
    with pytest.raises((UnknownType, PluginUnusable)) as caught:
        LOADERS[group](name)
    assert isinstance(caught.value, InterlockError)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    assert str(caught.value).encode()
