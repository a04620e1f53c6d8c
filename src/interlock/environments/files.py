"""Files beneath a work directory. Nothing outside it is read or written, whatever links say.

A path is walked from the work directory one name at a time, and no name may be a symbolic link,
so no link can be put in its place between a look and the use.
"""

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from interlock.engine import Result
from interlock.environments.results import Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 10_000

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def read_file(workdir: Path, path: str) -> Result:
    """The text of a file as `output`; `data` has its `bytes`. Raises Refusal, OSError."""
    with _parent(workdir, path) as (folder, name):
        # A pipe must not make us wait until somebody writes: hence READ does not block.
        with _explained(folder, name, path):
            descriptor = os.open(name, READ, dir_fd=folder)
        try:
            _check_regular(os.fstat(descriptor), path)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise Refusal(f"{path} is larger than {MAX_BYTES} bytes: read a part with a command")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Refusal(
            f"{path} is not UTF-8 text: byte 0x{content[error.start]:02x} at {error.start}"
        ) from None
    if "\0" in text:
        raise Refusal(f"{path} is not text: NUL at {text.index(chr(0))}")
    return Result(output=text, data={"path": path, "bytes": len(content)})


def write_file(workdir: Path, path: str, content: str) -> Result:
    """The file has exactly this text, all at once; missing directories are made. An existing
    file keeps its permissions. Raises Refusal, OSError."""
    data = _encode(path, content)
    with _parent(workdir, path, make=True) as (folder, name):
        found = _find(folder, name, path)
        new = f".{secrets.token_hex(8)}.interlock"
        try:
            with os.fdopen(os.open(new, CREATE, 0o666, dir_fd=folder), "wb") as file:
                if found is not None:
                    os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode))
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(new, dir_fd=folder)
            raise
    return Result(data={"path": path, "bytes": len(data), "created": found is None})


def delete_file(workdir: Path, path: str) -> Result:
    """The file is gone; `data` says whether it was there. Raises Refusal, OSError."""
    try:
        with _parent(workdir, path) as (folder, name):
            found = _find(folder, name, path)
            if found is not None:
                os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        found = None
    return Result(data={"path": path, "deleted": found is not None})


def list_directory(workdir: Path, path: str = ".") -> Result:
    """The names in a directory, one a line, a directory's with a `/`; the same in
    `data["entries"]` as {"name", "kind", "bytes"}. Raises Refusal, OSError."""
    with _directory(workdir, _names(path), path) as folder:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in found)
        entries = [entry for name in names[:MAX_ENTRIES] if (entry := _describe(folder, name))]
    data: dict[str, Any] = {"path": path, "entries": entries}
    if len(names) > MAX_ENTRIES:
        data["left_out"] = len(names) - MAX_ENTRIES
    lines = (entry["name"] + "/" * (entry["kind"] == "directory") for entry in entries)
    return Result(output="\n".join(lines), data=data)


def _names(path: str) -> list[str]:
    if not path or "\0" in path:
        raise Refusal("give a path of at least one character and no NUL")
    if path.startswith("/"):
        raise Refusal(f"{path} is absolute: give it relative to the work directory")
    names = [name for name in path.split("/") if name not in ("", ".")]
    for name in names:
        if name == "..":
            raise Refusal(f"{path} has `..`: a path stays inside the work directory")
        if name.lower() == ".git":
            raise Refusal(f"{path} belongs to git: use branch, commit, merge and diff")
    return names


@contextmanager
def _parent(workdir: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    names = _names(path)
    if not names or path.endswith("/"):
        raise Refusal(f"{path} names a directory: name a file")
    with _directory(workdir, names[:-1], path, make=make) as folder:
        yield folder, names[-1]


@contextmanager
def _directory(workdir: Path, names: list[str], path: str, *, make: bool = False) -> Iterator[int]:
    folder = os.open(workdir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=folder)
            with _explained(folder, name, path):
                inner = os.open(name, DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _explained(folder: int, name: str, path: str) -> Iterator[None]:
    """Says so when what could not be opened is a link."""
    try:
        yield
    except OSError:
        with suppress(OSError):
            if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise Refusal(
                    f"{name} in {path} is a symbolic link: use the path it leads to"
                ) from None
        raise


def _find(folder: int, name: str, path: str) -> os.stat_result | None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    _check_regular(found, path)
    return found


def _check_regular(found: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Refusal(f"{path} is a {_kind(found.st_mode)}, no regular file: name another")


def _encode(path: str, content: str) -> bytes:
    try:
        data = content.encode()
    except UnicodeEncodeError:
        raise Refusal(f"the text for {path} has a lone surrogate: remove it") from None
    if len(data) > MAX_BYTES:
        raise Refusal(f"the text for {path} has {len(data)} bytes, at most {MAX_BYTES} go in")
    return data


def _describe(folder: int, name: str) -> Mapping[str, Any] | None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None  # gone since it was listed
    readable = os.fsencode(name).decode(errors="backslashreplace")
    return {"name": readable, "kind": _kind(found.st_mode), "bytes": found.st_size}


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "symbolic link" if stat.S_ISLNK(mode) else "special file"
