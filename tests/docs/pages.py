"""The pages of the documentation, taken apart: fenced blocks, links, headings.

What a block is, its first line says:

    ```console                a shell: lines with `$ ` are typed, `> ` goes on, the rest is output
    ```python                 a script, run where the shell of the page stands
    ```LANGUAGE title="NAME"  a file of this name, written there
    ```LANGUAGE               anything else is only read
"""

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TOP = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
FENCE = re.compile(r"(?P<fence>`{3,})(?P<language>[\w-]*) *(?:title=\"(?P<title>[^\"]+)\")?$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@frozen
class Block:
    """A fenced block; `line` is where its fence stands, counted from 1."""

    language: str
    title: str | None
    line: int
    text: str


@frozen
class Page:
    """A Markdown file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else "page"

    @property
    def blocks(self) -> list[Block]:
        """Its fenced blocks, in order."""
        return list(_read_blocks(self.text))

    @property
    def prose(self) -> str:
        """Its text without the blocks."""
        return "\n".join(line for _, line in _outside(self.text))

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What a link can name behind `#`: its headings, as GitHub and the site write them."""
        heads = (line.lstrip("#") for _, line in _outside(self.text) if line.startswith("#"))
        return {re.sub(r"[^\w -]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def read(path: Path) -> Page:
    """The page in a file."""
    return Page(path, path.read_text(encoding="utf-8"))


def site() -> list[Page]:
    """Every page of the site."""
    return [read(path) for path in sorted(DOCS.rglob("*.md"))]


def every() -> list[Page]:
    """Every page of the site, and those at the top of the repository."""
    return [*(read(ROOT / name) for name in TOP), *site()]


def _read_blocks(text: str) -> Iterator[Block]:
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        opened = FENCE.match(line)
        if opened is None:
            assert not line.startswith("```"), f"line {number}: what does {line!r} begin?"
            continue
        held = []
        for _, inner in lines:
            if inner == opened["fence"]:
                break
            held.append(inner)
        else:
            raise AssertionError(f"line {number}: the block is not closed")
        yield Block(opened["language"], opened["title"], number, "".join(f"{x}\n" for x in held))


def _outside(text: str) -> Iterator[tuple[int, str]]:
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        opened = FENCE.match(line)
        if not fence and opened is None:
            yield number, line
        elif not fence and opened is not None:
            fence = opened["fence"]
        elif line == fence:
            fence = ""
