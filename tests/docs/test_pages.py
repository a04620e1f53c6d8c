"""The pages hang together: links lead somewhere, nothing that exists is left out."""

import re
import tomllib
from collections.abc import Iterator

import click
import pytest

import interlock
from interlock import sessions
from interlock.cli.application import application
from tests.docs import pages
from tests.docs.pages import DOCS, ROOT, Page

EVERY = pages.every()
ELSEWHERE = ("http://", "https://", "mailto:")


def faults(page: Page) -> list[str]:
    """The links of a page that lead nowhere in the repository."""
    wrong = []
    for link in page.links:
        if link.startswith(ELSEWHERE):
            continue
        name, _, anchor = link.partition("#")
        target = page.path.parent / name if name else page.path
        if not target.is_file():
            wrong.append(f"{link}: there is no such file")
        elif anchor and anchor not in pages.read(target).anchors:
            wrong.append(f"{link}: {target.name} has no such heading")
    return wrong


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.path.stem)
def test_every_link_leads_somewhere(page: Page) -> None:
    """The file is there, and in it the heading."""
    assert faults(page) == []


def test_a_link_that_leads_nowhere_is_seen() -> None:
    """To a missing file, to a missing heading, to a heading that is only in a block."""
    text = "# One\n[a](no.md) [b](#two) [c](#one) [d](index.md#no)\n```text\n# Two\n```\n"
    page = Page(DOCS / "new.md", text)
    told = [fault.partition(":")[0] for fault in faults(Page(DOCS / "index.md", page.text))]
    assert told == ["no.md", "#two", "#one", "index.md#no"]
    assert page.anchors == {"one"}


@pytest.mark.parametrize("page", pages.site(), ids=lambda page: page.path.stem)
def test_a_page_of_the_site_links_only_within_it(page: Page) -> None:
    """What the site does not have cannot be reached from it."""
    inside = [link for link in page.links if not link.startswith(ELSEWHERE)]
    assert [link for link in inside if ".." in link or link.startswith("/")] == []


def test_the_navigation_has_every_page_once() -> None:
    """`zensical.toml` lists each page of the site, and no other."""
    settings = tomllib.loads((ROOT / "zensical.toml").read_text())
    listed = [path for entry in settings["project"]["nav"] for path in entry.values()]
    assert sorted(listed) == sorted(page.path.name for page in pages.site())


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "index.md"], ids=["readme", "index"])
def test_every_page_is_one_link_away(path: object) -> None:
    """README and the first page lead to each of the others."""
    (page,) = (page for page in EVERY if page.path == path)
    linked = {link.partition("#")[0].rpartition("/")[2] for link in page.links}
    names = {page.path.name for page in pages.site()} - {"index.md"}
    assert names - linked == set()


def commands(group: click.Group, path: tuple[str, ...] = ("interlock",)) -> Iterator[str]:
    """Every command under a group, as it is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield " ".join((*path, name))
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_every_command_is_on_some_page() -> None:
    """Each is shown or mentioned as it is typed."""
    told = " ".join("\n".join(page.text for page in EVERY).split())
    known = list(commands(application))
    assert len(known) > 20
    assert [name for name in known if not re.search(rf"{name}(?![\w-])", told)] == []


def test_every_public_name_is_in_the_python_api() -> None:
    """Each name of `interlock.sessions`, and each of `interlock`, stands there as code."""
    page = pages.read(DOCS / "python-api.md")
    spans = re.findall(r"`([^`]+)`", page.prose.replace("\n", " "))
    words = {word for span in spans for word in re.findall(r"\w+", span)}
    words |= {word for block in page.blocks for word in re.findall(r"\w+", block.text)}
    assert [name for name in sessions.__all__ if name not in words] == []
    written = words | set(re.findall(r"\w+", (DOCS / "write-a-session-type.md").read_text()))
    public = [name for name in interlock.__all__ if not name.startswith("__")]
    assert [name for name in public if name not in written] == []


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.path.stem)
def test_a_page_has_one_title(page: Page) -> None:
    """It begins with its only heading of the first level."""
    heads = [line for line in page.prose.splitlines() if line.startswith("# ")]
    assert len(heads) == 1
    assert page.text.startswith(heads[0])
