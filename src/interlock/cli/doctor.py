"""`interlock doctor`: whether everything is there that Interlock needs."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from interlock import __version__, database, plugins
from interlock.cli.agent_list import describe_program, load_agents
from interlock.cli.caller import Caller, find_place, is_repository, pass_caller
from interlock.cli.outlet import document, is_terminal, say, tell
from interlock.cli.tree import Command, json_option
from interlock.engine.errors import InterlockError
from interlock.environments.agent_programs import find_programs
from interlock.environments.command_group import is_usable

LOADERS: dict[str, Callable[[str], object]] = {
    plugins.SESSION_TYPES: plugins.load_type,
    plugins.AGENTS: plugins.load_agent,
    plugins.ENVIRONMENTS: plugins.load_environment,
    plugins.EXPORTERS: plugins.load_exporter,
}


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    ok: bool
    told: str
    note: bool = False
    """It is fine, and yet something could be done."""


@click.command(
    cls=Command,
    examples="""
        interlock doctor
        interlock doctor --json
    """,
)
@json_option
@pass_caller
def doctor(caller: Caller, as_json: bool) -> int:
    """Check that everything Interlock needs is there. Exit status 1 when something is not.

    Nothing is made or changed. Every installed plugin is loaded, and a broken one is named. Each
    program that an agent asks is asked for its version; none has to be there.
    """
    found = [finding for look in LOOKS for finding in look(caller)]
    sound = all(finding.ok for finding in found)
    if as_json:
        document({"ok": sound, "findings": [finding._asdict() for finding in found]})
        return 0 if sound else 1
    for finding in found:
        mark = ("--  ", "warning") if finding.note else ("ok  ", "ok")
        mark = mark if finding.ok else ("BAD ", "error")
        tell(mark, f"{finding.name:<12} {finding.told}")
    say("everything that is needed is there" if sound else "mend the lines marked BAD")
    return 0 if sound else 1


def look_at_python(caller: Caller) -> Iterator[Finding]:
    """Python and SQLite."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("interlock", True, f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding("python", sys.version_info >= (3, 11), f"{version} at {sys.executable}")
    used = database.sqlite_version()
    sound = database.is_sound(used)
    yield Finding("sqlite", sound, used if sound else f"{used} can damage its files; upgrade apsw")


def look_at_data(caller: Caller) -> Iterator[Finding]:
    """The data directory and the database."""
    url = caller.settings.database_url
    try:
        folder = caller.settings.data_dir
        place = database.place_of(url)
        is_file = database.is_file(url)
    except InterlockError as error:
        yield Finding("database", False, str(error))
        return
    yield _look_at_folder(folder)
    yield _look_at_file(Path(place), url) if is_file else _look_at_server(place, url)


def _look_at_folder(folder: Path) -> Finding:
    if not folder.exists():
        above = next(one for one in folder.absolute().parents if one.exists())
        ok = os.access(above, os.W_OK | os.X_OK)
        told = "will be made when it is needed" if ok else f"cannot be made in {above}"
        return Finding("data", ok, f"{folder} {told}")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Finding("data", False, f"{folder} cannot be written; set INTERLOCK_DATA_DIR")
    return Finding("data", True, f"{folder}{_permissions(folder)}")


def _look_at_file(place: Path, url: str) -> Finding:
    if not place.exists():
        return Finding("database", True, f"{place} will be made when it is needed")
    try:
        missing = database.pending(url)
    except InterlockError as error:
        return Finding("database", False, str(error))
    if not os.access(place, os.W_OK):
        return Finding("database", False, f"{place} cannot be written; check its permissions")
    behind = f", {len(missing)} migrations behind: `interlock db migrate`" if missing else ""
    return Finding(
        "database", True, f"{place}, {place.stat().st_size:,} bytes{_permissions(place)}{behind}"
    )


def _look_at_server(place: str, url: str) -> Finding:
    try:
        missing = database.pending(url)
        shown = "one account at a time" if database.keeps_apart(url) else "every account"
        off = " and ".join(database.unsafe_settings(url))
    except InterlockError as error:
        return Finding("database", False, str(error))
    behind = f", {len(missing)} migrations behind: `interlock db migrate`" if missing else ""
    lost = f"; {off} off: a crash of its machine may take commits back" if off else ""
    told = f"{place}, which shows this role {shown}{behind}{lost}"
    return Finding("database", True, told, bool(lost))


def _permissions(place: Path) -> str:
    found = place.stat()
    mode = stat.S_IMODE(found.st_mode)
    # A file is as private as the directory it is in.
    shared = mode & 0o077 and place.parent.stat().st_mode & 0o077
    return f", mode {mode:04o}{', readable by others' if shared else ''}"


def look_at_git(caller: Caller) -> Iterator[Finding]:
    """git, and the place one stands in."""
    program = shutil.which("git")
    if program is None:
        yield Finding("git", False, "not found; install it: session types that commit need it")
    else:
        yield _ask_git(program)
    try:
        place = find_place()
        told = f"{caller.project} of account {caller.account}, {place}"
        yield Finding("project", True, told if is_repository(place) else f"{told}, not in git")
    except InterlockError as error:
        yield Finding("project", False, str(error))


def _ask_git(program: str) -> Finding:
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("git", False, f"{program} does not run: {error}")
    said = asked.stdout.decode(errors="replace").strip()
    return Finding("git", True, f"{said.removeprefix('git version ')} at {program}")


def look_at_processes(caller: Caller) -> Iterator[Finding]:
    """How the processes of a command are ended."""
    told = "each command has a control group, which is ended at once"
    if not is_usable():
        told = "ended one by one, from parent to child: no control group can be made here"
    yield Finding("processes", True, told)


def look_at_plugins(caller: Caller) -> Iterator[Finding]:
    """Every group of plugins; those that are not built in are loaded."""
    for group, load in LOADERS.items():
        noun = plugins.NOUNS[group]
        found = plugins.available(group)
        broken = [text for one in found if (text := _try(one, load))]
        usable = ", ".join(one.name for one in found if not one.note)
        yield Finding(f"{noun}s", True, usable)
        yield from (Finding(noun, False, text) for text in broken)


def _try(plugin: plugins.Plugin, load: Callable[[str], object]) -> str:
    if plugin.note:
        return f"{plugin.name} of {plugin.source} is {plugin.note}"
    try:
        load(plugin.name)
    except InterlockError as error:
        return str(error)
    return ""


def look_at_agent_programs(caller: Caller) -> Iterator[Finding]:
    """The program of each agent that has one; a missing one is told and is no fault."""
    for program in find_programs(load_agents(plugins.available(plugins.AGENTS))):
        yield Finding(program.name, True, describe_program(program), bool(program.advice))


def look_at_terminal(caller: Caller) -> Iterator[Finding]:
    """Where output goes."""
    if is_terminal(sys.stdout):
        size = shutil.get_terminal_size()
        told = f"{os.environ.get('TERM', '?')}, {size.columns} x {size.lines}"
    else:
        told = "none; output is plain"
    yield Finding("terminal", True, f"{told}, {sys.stdout.encoding}")


LOOKS = (
    *(look_at_python, look_at_data, look_at_git, look_at_processes),
    *(look_at_plugins, look_at_agent_programs, look_at_terminal),
)
