"""The page of each agent program says what its driver says: options, versions, installation."""

import re

import pytest

from interlock.agents.driver import Driver
from interlock.plugins import AGENTS, load_agent
from interlock.plugins.builtin import BUILTIN
from tests.docs import pages
from tests.docs.pages import DOCS, Page

PLACES = {"gemini": "use-gemini-cli.md"}
ELSEWHERE = "arguments"
"""The one setting that is no option: it stands behind `--`."""

DRIVERS = {name: agent for name in BUILTIN[AGENTS] if isinstance(agent := load_agent(name), Driver)}


def page_of(name: str) -> Page:
    """The page of an agent."""
    return pages.read(DOCS / PLACES.get(name, f"use-{name}.md"))


def words_of(text: str) -> str:
    """The text in one line, without the marks of code."""
    return " ".join(text.replace("`", "").split())


@pytest.mark.parametrize("name", DRIVERS)
def test_an_agents_page_has_its_options(name: str) -> None:
    """Each of them in the table, and no other."""
    told = re.findall(r"^\| `--([a-z-]+)", page_of(name).prose, re.MULTILINE)
    known = [one.replace("_", "-") for one in DRIVERS[name].options if one != ELSEWHERE]
    assert sorted(told) == sorted(known)


@pytest.mark.parametrize("name", DRIVERS)
def test_an_agents_page_says_how_it_is_installed_and_what_was_tried(name: str) -> None:
    """In the words of `interlock agents`."""
    about, text = DRIVERS[name].description, words_of(page_of(name).text)
    assert about.tried is not None
    assert about.install in text
    assert words_of(about.login) in text
    oldest, newest = about.tried
    told = f"Version {oldest} was tried" if oldest == newest else f"{oldest} to {newest} were tried"
    assert told in text
