"""What a page shows of a shell, typed for real: one bash for each page, in a home of its own.

A command must succeed, unless the next one is `echo $?`, which then shows its status. Output is
compared line by line. `...` stands for what varies: alone for any lines, in a line for any text.
Ids read `<id>` and commits `<commit>`, the home is `/home/me`; times and seconds may be any.
"""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from tests.docs.pages import Block, Page

MARK = "\x1e"
SECONDS = 240
BIN = Path(sys.executable).parent
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
VARYING = (
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00)?"), "<time>"),
    (re.compile(r"\b(?:\d+ h )?(?:\d+ min )?\d+(?:\.\d)? s\b|\b\d+ h \d+ min\b"), "<seconds>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<commit>"),
)


@frozen
class Command:
    """What is typed, and what it must print; `line` is where the page has it."""

    line: int
    typed: str
    shown: str


def read_console(block: Block) -> Iterator[Command]:
    """The commands of a console block, in order."""
    line, typed, shown = 0, [""], [""]
    for number, text in enumerate(block.text.splitlines(), block.line + 1):
        if text.startswith("$ "):
            if line:
                yield Command(line, "\n".join(typed), "\n".join(shown))
            line, typed, shown = number, [text.removeprefix("$ ")], []
        elif text.startswith("> ") and not shown:
            typed.append(text.removeprefix("> "))
        else:
            assert line, f"line {number}: a console block begins with `$ `"
            shown.append(text)
    assert line, f"line {block.line}: the console block is empty"
    yield Command(line, "\n".join(typed), "\n".join(shown))


def read_page(page: Page, files: Path) -> list[Command]:
    """All that is typed on a page. A file or a script of the page is copied or run by a command
    of its own; they are put into `files` for that."""
    found: list[Command] = []
    for block in page.blocks:
        if block.language == "console":
            found += read_console(block)
        elif block.title or block.language == "python":
            place = files / f"{block.line}-{Path(block.title or 'script.py').name}"
            place.write_text(block.text, encoding="utf-8")
            folder = Path(block.title or ".").parent
            typed = f"mkdir -p '{folder}' && cp '{place}' '{block.title}'"
            typed = typed if block.title else f"python '{place}'"
            found.append(Command(block.line, typed, "" if block.title else "..."))
    return found


def play(page: Page, place: Path) -> list[str]:
    """What is wrong with a page's examples, one text for each, after all of them were run."""
    home, files = place / "home", place / "files"
    home.mkdir()
    files.mkdir()
    commands = read_page(page, files)
    done = type_all(commands, home, make_environment(page, place, home))
    return [
        f"{page.name}:{command.line}: $ {command.typed}\n{what}"
        for number, command in enumerate(commands)
        for what in faults(number, commands, done, home)
    ]


def type_all(
    commands: Sequence[Command], home: Path, environment: dict[str, str]
) -> list[tuple[int, str]]:
    """The exit status and the output of every command, typed into one shell."""
    script = ["exec 2>&1", "end() { printf '\\n\\036%s\\036' $1; return $1; }"]
    for command in commands:
        script += [command.typed, "end $?"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=SECONDS,
    )
    parts = done.stdout.decode().split(MARK)
    assert len(parts) == 2 * len(commands) + 1, f"the shell ended early:\n{parts[-1]}"
    return [(int(parts[i + 1]), parts[i][:-1]) for i in range(0, len(parts) - 1, 2)]


def faults(
    number: int, commands: Sequence[Command], done: Sequence[tuple[int, str]], home: Path
) -> Iterator[str]:
    """What is wrong with one command: its status, its output."""
    status, printed = done[number]
    told = number + 1 < len(commands) and commands[number + 1].typed == "echo $?"
    printed = ID.sub("<id>", printed.replace(str(home), "/home/me"))
    if status != 0 and not told:
        yield f"exit status {status}:\n{printed}"
    elif not agree(commands[number].shown, printed):
        yield f"shown:\n{commands[number].shown}\nprinted:\n{printed}"


def agree(shown: str, printed: str) -> bool:
    """True when a page's text can stand for what was printed."""
    pattern = ""
    for line in map(_plain, shown.split("\n") if shown else ()):
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(map(re.escape, line.split("..."))) + r"\n"
    lines = printed.rstrip("\n").split("\n") if printed.strip("\n") else []
    return re.fullmatch(pattern, "".join(f"{_plain(line)}\n" for line in lines)) is not None


def _plain(line: str) -> str:
    for found, name in VARYING:
        line = found.sub(name, line)
    return " ".join(line.split())


def make_environment(page: Page, place: Path, home: Path) -> dict[str, str]:
    """The variables of a page's shell. A page that installs gets a virtual environment of its own,
    which sees what is installed where the tests run."""
    path = [str(BIN), os.environ.get("PATH", os.defpath)]
    if "$ pip install" in page.text:
        path.insert(0, str(make_virtual_environment(place / "virtual")))
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def make_virtual_environment(place: Path) -> Path:
    """The directory with its commands: python, and interlock, pip and pytest as its modules."""
    venv.create(place, with_pip=False, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    lines = [
        f"import site; site.addsitedir({sysconfig.get_path(name)!r})"
        for name in ("purelib", "platlib")
    ]
    (packages / "outer.pth").write_text("\n".join(lines) + "\n")
    # What builds a package is installed already; pip would download it once more.
    words = {"interlock": '"$@"', "pytest": '"$@"', "pip": '"$@" --no-build-isolation'}
    for name, rest in words.items():
        command = place / "bin" / name
        command.write_text(f'#!/bin/sh\nexec "{place}/bin/python" -m {name} {rest}\n')
        command.chmod(0o755)
    return place / "bin"
