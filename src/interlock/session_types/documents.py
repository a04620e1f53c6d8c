"""Whether a Markdown document is there and has the sections it must have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from interlock import Result
from interlock.session_types.inputs import Given, read_names, read_text

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
ITEM = re.compile(r"[-*+][ \t]\W*(\w[\w .-]*)")


def read_sections(text: str) -> dict[str, str]:
    """The text under each heading, down to the next one of its level or above."""
    lines = text.splitlines()
    found = list(_headings(lines))
    sections: dict[str, str] = {}
    for index, (number, level, title) in enumerate(found):
        ends = (line for line, depth, _ in found[index + 1 :] if depth <= level)
        sections[title] = "\n".join(lines[number + 1 : next(ends, len(lines))]).strip()
    return sections


def demand_document(result: Result, path: str, required: Sequence[str]) -> Result:
    """The result of reading a document; an error that names what is missing or empty in it."""
    if not result.ok:
        return result
    text = result.output
    if not text.strip():
        return result.failed(f"{path} is empty")
    sections = {title.casefold(): body for title, body in read_sections(text).items()}
    faults = [
        f"the section {title!r} is {'empty' if title.casefold() in sections else 'missing'}"
        for title in required
        if not sections.get(title.casefold())
    ]
    return result.failed(f"{path}: " + "; ".join(faults)) if faults else result


def read_items(text: str, section: str) -> tuple[str, ...]:
    """What the list in a section names: `- **cart**: holds goods` gives `cart`."""
    bodies = {title.casefold(): body for title, body in read_sections(text).items()}
    lines = bodies.get(section.casefold(), "").splitlines()
    return tuple(found[1].strip() for line in lines if (found := ITEM.match(line)))


def required_sections(given: Given, default: tuple[str, ...]) -> tuple[str, ...]:
    """The sections a document must have: those given, else those of the template given."""
    headings = [*_headings(read_text(given, "template").splitlines())]
    wanted = tuple(title for _, level, title in headings if level == 2)
    return read_names(given, "sections", wanted or default)


def _headings(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Line number, level and title of each heading; none inside a fenced block."""
    fence = ""
    for number, line in enumerate(lines):
        mark = line.strip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence and (found := HEADING.fullmatch(line)):
            yield number, len(found[1]), found[2].rstrip("# \t")
