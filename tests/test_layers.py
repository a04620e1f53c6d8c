"""The source keeps its rules, and each rule is shown to fail on code that breaks it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import source_rules as rules

SRC = Path(__file__).parent.parent / "src" / "interlock"
COMMAND = Path(sys.executable).parent / "interlock"

Rule = Callable[[Path], list[str]]

RULES: list[Rule] = [
    rules.check_layers,
    rules.check_purity,
    rules.check_confinement,
    rules.check_light_start,
    rules.check_names,
    rules.check_sizes,
    rules.check_docstrings,
]

LONG_FUNCTION = '"""M."""\n\n\ndef walk() -> None:\n    """W."""\n' + "    walk()\n" * 60
LONG_FILE = '"""M."""\n' + "X = 1\n" * 300

# rule, file, its text, what is said of it
BROKEN: list[tuple[Rule, str, str, str]] = [
    (rules.check_layers, "engine/a.py", "import interlock.store", "engine must not import store"),
    (rules.check_layers, "store/a.py", "from interlock.cli import x", "store must not import cli"),
    (rules.check_layers, "store/a.py", "from interlock import sessions", "import sessions"),
    (rules.check_layers, "store/a.py", "from ..sessions import x", "must not import sessions"),
    (rules.check_layers, "store/b/a.py", "from ...cli import x", "store must not import cli"),
    (rules.check_layers, "store/a.py", "from .. import cli", "store must not import cli"),
    (rules.check_layers, "store/a.py", "def f():\n    import interlock.cli", ":2: store must"),
    (rules.check_layers, "agents/a.py", "import interlock.session_types", "import session_types"),
    (rules.check_layers, "config.py", "from interlock.plugins import x", "must not import plugins"),
    (rules.check_layers, "engine/a.py", "from interlock import Prompt", "must not import __init__"),
    (rules.check_layers, "__init__.py", "import interlock.agents", "__init__ must not import"),
    (rules.check_layers, "novelty.py", "", "novelty has no layer"),
    (rules.check_purity, "engine/a.py", "import time", "time is not known to be pure"),
    (rules.check_purity, "engine/a.py", "import concurrent.futures", "concurrent.futures is not"),
    (rules.check_purity, "engine/a.py", "from random import choice", "random.choice is not"),
    (rules.check_purity, "agents/a.py", "import uuid", "uuid is not known"),
    (rules.check_purity, "agents/a.py", "import secrets", "secrets is not known"),
    (rules.check_purity, "agents/a.py", "from os import environ", "os.environ is not known"),
    (rules.check_purity, "agents/a.py", "from pathlib import Path", "pathlib.Path is not known"),
    (rules.check_purity, "agents/a.py", "import subprocess", "subprocess is not known"),
    (rules.check_purity, "agents/a.py", "import socket", "socket is not known"),
    (rules.check_purity, "session_types/a.py", "import logging", "logging is not known"),
    (rules.check_purity, "session_types/a.py", "import threading", "threading is not known"),
    (rules.check_purity, "session_types/a.py", "import io", "io is not known"),
    (rules.check_purity, "session_types/a.py", "def f():\n    return open('x')", ":2: open()"),
    (rules.check_purity, "session_types/a.py", "print('x')", "print() is not pure"),
    (rules.check_purity, "engine/a.py", "import datetime\ndatetime.datetime.now()", "reads the"),
    (rules.check_purity, "engine/a.py", "import datetime as d\nd.date.today()", "date.today reads"),
    (rules.check_purity, "engine/a.py", "from datetime import datetime as at\nat.now()", "at.now"),
    (rules.check_purity, "engine/a.py", "from datetime import datetime\nx = datetime.now", ":2:"),
    (rules.check_purity, "engine/a.py", "from datetime import datetime\ndatetime.utcnow()", ":2:"),
    (rules.check_confinement, "sessions.py", "import peewee", "only store may import peewee"),
    (rules.check_confinement, "agents/a.py", "import cattrs.preconf", "only store may import"),
    (
        rules.check_confinement,
        "cli/a.py",
        "def f():\n    from playhouse import x",
        ":2: only store",
    ),
    (rules.check_confinement, "store/a.py", "import transitions", "only engine may import"),
    (rules.check_light_start, "cli.py", "import rich", "import rich inside the function"),
    (rules.check_light_start, "cli/a.py", "from rich.table import Table", "rich.table.Table"),
    (rules.check_light_start, "cli/a.py", "from interlock import store", "import interlock.store"),
    (rules.check_light_start, "__main__.py", "import interlock.store.tx", "interlock.store.tx"),
    (rules.check_light_start, "cli.py", "try:\n    import peewee\nexcept E:\n    pass", ":2:"),
    (rules.check_light_start, "cli.py", "try:\n    a\nexcept E:\n    import cattrs", ":4:"),
    (rules.check_light_start, "cli.py", "class A:\n    import transitions", ":2:"),
    (rules.check_names, "store/utils.py", "", "the name utils says nothing"),
    (rules.check_names, "helpers/a.py", "", "the name helpers says nothing"),
    (rules.check_names, "common.py", "", "the name common says nothing"),
    (rules.check_names, "engine/base.py", "", "the name base says nothing"),
    (rules.check_names, "engine/manager.py", "", "the name manager says nothing"),
    (rules.check_sizes, "engine/a.py", LONG_FUNCTION, ":4: walk has 62 lines"),
    (rules.check_sizes, "engine/a.py", LONG_FILE, "301 lines, at most 300"),
    (rules.check_docstrings, "engine/a.py", "x = 1", "the module has no docstring"),
    (rules.check_docstrings, "engine/a.py", '"""M."""\ndef f(): ...', ":2: f has no docstring"),
    (rules.check_docstrings, "engine/a.py", '"""M."""\nasync def f(): ...', ":2: f has no"),
    (rules.check_docstrings, "engine/a.py", '"""M."""\nclass A: ...', ":2: A has no docstring"),
    (
        rules.check_docstrings,
        "engine/a.py",
        '"""M."""\nclass A:\n    """A."""\n    def f(self): ...',
        ":4: f has no docstring",
    ),
    (rules.check_docstrings, "session_types/a.py", '"""M."""\ndef f(): ...', ":2: f has no"),
    (rules.check_docstrings, "store/migrations/0001_a.py", "x = 1", "the module has no docstring"),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.check_layers, "cli.py", "from interlock import Prompt, __version__, sessions"),
    (rules.check_layers, "engine/a.py", "from interlock.engine.b import c\nfrom . import d"),
    (rules.check_layers, "__init__.py", "from interlock.engine.values import Result"),
    (rules.check_layers, "store/a.py", "import interlocking.cli"),
    (rules.check_purity, "engine/a.py", "from datetime import datetime\nx = datetime(1, 1, 1)"),
    (rules.check_purity, "engine/a.py", "def f(facts):\n    return facts.now"),
    (rules.check_purity, "environments/a.py", "import subprocess\nopen('x')"),
    (rules.check_confinement, "store/a.py", "import peewee, cattrs, playhouse"),
    (rules.check_light_start, "cli.py", "def f():\n    import rich, interlock.store"),
    (rules.check_light_start, "cli.py", "if TYPE_CHECKING:\n    import rich"),
    (rules.check_light_start, "store/a.py", "import peewee"),
    (rules.check_sizes, "engine/a.py", LONG_FUNCTION.replace("    walk()\n", "", 2)),
    (rules.check_docstrings, "engine/__init__.py", ""),
    (rules.check_docstrings, "engine/a.py", '"""M."""\ndef _f(): ...\nclass _A: ...'),
    (rules.check_docstrings, "engine/a.py", '"""M."""\n@overload\ndef f(): ...'),
    (rules.check_docstrings, "store/migrations/0001_a.py", '"""M."""\ndef f(): ...'),
    (rules.check_docstrings, "store/a.py", '"""M."""\nclass A:\n    "A"\n    class Meta: ...'),
    (
        rules.check_docstrings,
        "session_types/a.py",
        '"""M."""\nclass A:\n    "A"\n    def f(s): ...',
    ),
]


def write(root: Path, name: str, text: str) -> None:
    """One module in a tree of its own."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("rule", RULES)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    """No line of the package breaks a rule."""
    assert list(rules.modules(SRC))
    assert rule(SRC) == []


@pytest.mark.parametrize(("rule", "name", "text", "said"), BROKEN)
def test_a_broken_rule_is_seen(tmp_path: Path, rule: Rule, name: str, text: str, said: str) -> None:
    """A module that breaks a rule is reported by that rule, once, with its place."""
    write(tmp_path, name, text)
    (wrong,) = rule(tmp_path)
    assert wrong.startswith(f"{tmp_path}/")
    assert said in wrong


@pytest.mark.parametrize(("rule", "name", "text"), ALLOWED)
def test_what_is_allowed_is_not_reported(tmp_path: Path, rule: Rule, name: str, text: str) -> None:
    """A module that comes close to a rule and keeps it is left alone."""
    write(tmp_path, name, text)
    assert rule(tmp_path) == []


def test_every_rule_has_been_broken() -> None:
    """Each rule that the source must keep has an example that breaks it."""
    assert {rule for rule, *_ in BROKEN} == set(RULES)


def test_the_version_is_told_without_loading_what_is_heavy() -> None:
    """`interlock --version` imports no database, no codec, no state machine, no terminal tables."""
    asked = subprocess.run(
        [sys.executable, "-X", "importtime", str(COMMAND), "--version"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert asked.returncode == 0, asked.stderr.splitlines()[-1]
    loaded = {line.rpartition("|")[2].strip() for line in asked.stderr.splitlines()}
    assert "click" in loaded
    assert loaded.isdisjoint(rules.HEAVY)
