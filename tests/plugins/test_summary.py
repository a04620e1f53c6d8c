"""What a plugin is for is read from its source, and nothing runs for it."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from interlock.plugins import AGENTS, ENVIRONMENTS, SESSION_TYPES, available, summary, trust
from interlock.plugins.builtin import BUILTIN
from interlock.plugins.listing import Plugin
from tests.plugins.site_packages import SitePackages, session_type

TARGETS = [
    target for group in (SESSION_TYPES, AGENTS, ENVIRONMENTS) for target in BUILTIN[group].values()
]


@pytest.mark.parametrize("target", TARGETS)
def test_a_builtin_is_told_by_its_class(target: str) -> None:
    """It is the first line of the docstring that the class has when it is loaded."""
    module, _, name = target.partition(":")
    loaded = getattr(import_module(module), name)
    told = summary(Plugin("it", target, "built-in"))
    assert told == loaded.__doc__.splitlines()[0]
    assert told.endswith(".")


def test_a_plugin_is_told_and_does_not_run(site: SitePackages) -> None:
    """One whose import would raise is told by the text of its module."""
    text = '"""Ships it.\n\nSlowly."""\nraise RuntimeError\n'
    site.install("other", {SESSION_TYPES: {"ship": "other_ship:Ship"}}, {"other_ship": text})
    (found,) = (one for one in available(SESSION_TYPES) if one.name == "ship")
    assert summary(found) == "Ships it."
    assert "other_ship" not in sys.modules


def test_a_trusted_file_is_told_by_its_text(tmp_path: Path) -> None:
    """The first line of its docstring."""
    file = tmp_path / "mine.py"
    file.write_text('"""Do it my way."""\n' + session_type("Mine"))
    trust(file)
    (found,) = (one for one in available(SESSION_TYPES) if one.name == "mine")
    assert summary(found) == "Do it my way."


@pytest.mark.parametrize("text", ["def (", "x = 1", "\0", '"""\x1b[2J"""', '""" """'], ids=repr)
def test_what_cannot_be_read_is_left_out(site: SitePackages, text: str) -> None:
    """No docstring, no Python, or a text that a terminal would obey: nothing that does harm."""
    site.install("odd", {SESSION_TYPES: {"odd": "odd_one:Odd"}}, {"odd_one": text})
    (found,) = (one for one in available(SESSION_TYPES) if one.name == "odd")
    assert summary(found) in ("", "?[2J")


@pytest.mark.parametrize("target", ["", "nowhere:X", "sys:X", "interlock.nowhere:X", "a..b:X"])
def test_a_module_that_is_not_there_has_none(target: str) -> None:
    """A target that leads to no file is no fault of the list."""
    assert summary(Plugin("it", target, "some 1.0")) == ""
