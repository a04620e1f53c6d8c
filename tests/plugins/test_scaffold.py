"""A new plugin package works as it is written: installed, tested, listed, loaded, removed."""

import ast
import os
import stat
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import interlock
from interlock.engine.errors import InvalidInput
from interlock.plugins import check_file, new_plugin
from interlock.plugins.scaffold import MAX_NAME

LISTING = """\
from interlock.plugins import available, load_type
for plugin in available("interlock.session_types"):
    if plugin.source != "built-in":
        print(plugin.name, plugin.target, plugin.source, plugin.note, load_type(plugin.name))
"""

name_words = st.from_regex(r"[a-z][a-z0-9]{1,8}", fullmatch=True)
names = st.lists(name_words, min_size=1, max_size=3).map("_".join)


class VirtualEnvironment:
    """A real one. It sees what is installed where the tests run, so nothing is downloaded."""

    def __init__(self, path: Path) -> None:
        venv.create(path, with_pip=False, symlinks=True)
        self.python = path / "bin" / "python"
        (packages,) = path.glob("lib/python*/site-packages")
        lines = [
            f"import site; site.addsitedir({sysconfig.get_path(name)!r})"
            for name in ("purelib", "platlib")
        ]
        (packages / "outer.pth").write_text("\n".join(lines) + "\n")
        self.environment = {
            "PATH": os.defpath,
            "HOME": str(path),
            "INTERLOCK_DATA_DIR": str(path / "data"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",
        }

    def run(self, *words: str, cwd: Path) -> str:
        """What its Python prints, given these words; it must end well."""
        done = subprocess.run(
            [self.python, *words],
            cwd=cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def test_a_new_plugin_installs_passes_its_tests_and_is_listed(tmp_path: Path) -> None:
    """In a virtual environment of its own it is there after `pip install` and not after
    `pip uninstall`."""
    plugin = new_plugin("spell_check", tmp_path)
    place = VirtualEnvironment(tmp_path / "environment")
    assert place.run("-c", LISTING, cwd=tmp_path) == ""
    install = ("-m", "pip", "install", "--no-deps", "--no-build-isolation", str(plugin))
    place.run(*install, cwd=tmp_path)
    assert place.run("-c", LISTING, cwd=tmp_path) == (
        "spell_check interlock_spell_check:SpellCheck interlock-spell-check 0.1.0  "
        "<class 'interlock_spell_check.SpellCheck'>\n"
    )
    tested = place.run("-m", "pytest", "-p", "no:cacheprovider", "--interlock-cov", cwd=plugin)
    assert "4 passed" in tested, tested
    assert "spell_check: 3 of 3 rows, 100 %" in tested, tested
    place.run("-m", "pip", "uninstall", "--yes", plugin.name, cwd=tmp_path)
    assert place.run("-c", LISTING, cwd=tmp_path) == ""


def test_a_new_plugin_is_a_whole_package(tmp_path: Path) -> None:
    """It has metadata, a README, a typed package and tests, and can be read by others."""
    plugin = new_plugin("spell_check", tmp_path)
    assert plugin == tmp_path / "interlock-spell-check"
    files = {str(path.relative_to(plugin)) for path in plugin.rglob("*") if path.is_file()}
    assert files == {
        "pyproject.toml",
        "README.md",
        "src/interlock_spell_check/__init__.py",
        "src/interlock_spell_check/py.typed",
        "tests/test_spell_check.py",
    }
    assert list(tmp_path.iterdir()) == [plugin]
    here = tmp_path / "made by hand"
    here.mkdir()
    assert stat.S_IMODE(plugin.stat().st_mode) == stat.S_IMODE(here.stat().st_mode)


def test_the_session_type_takes_ten_lines(tmp_path: Path) -> None:
    """One prompt and one check: what is written in the class is ten lines."""
    plugin = new_plugin("spell_check", tmp_path)
    text = (plugin / "src" / "interlock_spell_check" / "__init__.py").read_text()
    (kind,) = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
    body = text.splitlines()[kind.lineno : kind.end_lineno]
    assert len([line for line in body if line.strip()]) == 10


def test_what_is_written_is_clean(tmp_path: Path) -> None:
    """ruff finds no error and no import out of order, and would not write it otherwise."""
    plugin = new_plugin("spell_check", tmp_path)
    for words in (("check", "--select", "E,W,F,I,B,UP"), ("format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache"],
            cwd=plugin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@given(name=names.filter(lambda name: len(name) <= MAX_NAME))
def test_every_allowed_name_gives_a_type_of_that_name(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """The class that is written is well defined, and its name leads back to the one given."""
    try:
        plugin = new_plugin(name, tmp_path_factory.mktemp("plugin"))
    except InvalidInput as error:
        assert "Interlock's or Python's own" in str(error)  # noqa: PT017 - a few are
        return
    (kind,) = check_file(plugin / "src" / f"interlock_{name}" / "__init__.py")
    assert kind.name == name
    assert kind.__name__ not in interlock.__all__


@pytest.mark.parametrize(
    "name",
    [
        *("", "A", "a", "Big", "a-b", "spell-check", "spell check", "a_b", "_x", "xx_", "x__y"),
        *(
            "1st",
            "../evil",
            "spell/check",
            "spéll",
            "spell\n",
            "x" * (MAX_NAME + 1),
            "x\0y",
            "$name",
        ),
    ],
)
def test_a_name_that_is_no_word_is_refused(tmp_path: Path, name: str) -> None:
    """One line shows how a name is written, and nothing is made."""
    with pytest.raises(InvalidInput) as caught:
        new_plugin(name, tmp_path)
    assert "cannot name a plugin; write words" in str(caught.value)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["mend", "project_setup", "none", "true", "session", "shell"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    """A built-in would hide it; a word of Python's or Interlock's own cannot be its class."""
    with pytest.raises(InvalidInput, match=f"{name} is a name of Interlock's or Python's own"):
        new_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "directory", "full directory", "dangling link"])
def test_what_is_there_is_left_alone(tmp_path: Path, kind: str) -> None:
    """A file, a directory or a link of that name is refused and not touched."""
    target = tmp_path / "interlock-spell-check"
    if kind == "file":
        target.write_text("mine")
    elif kind == "dangling link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
    if kind == "full directory":
        (target / "pyproject.toml").write_text("mine")
    before = {path: path.lstat() for path in tmp_path.rglob("*")}
    with pytest.raises(InvalidInput, match="interlock-spell-check is there already"):
        new_plugin("spell_check", tmp_path)
    after = {path: path.lstat() for path in tmp_path.rglob("*")}
    assert {path: (one.st_ino, one.st_mtime_ns) for path, one in after.items()} == {
        path: (one.st_ino, one.st_mtime_ns) for path, one in before.items()
    }


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    """A directory that is missing, or that is a file, is named with what to do."""
    (tmp_path / "file").touch()
    for place in ("missing", "file", "nul\0"):
        with pytest.raises(InvalidInput) as caught:
            new_plugin("spell_check", tmp_path / place)
        assert "cannot be written: " in str(caught.value)
        assert str(caught.value).isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    """When the disk is full in the middle, the directory is as empty as it was."""
    program = (
        "import resource, sys\n"
        "from interlock.engine.errors import InvalidInput\n"
        "from interlock.plugins import new_plugin\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (800, 800))\n"
        "try: new_plugin('spell_check', sys.argv[1])\n"
        "except InvalidInput as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert "cannot be written: File too large; name a directory" in said.stdout, said.stderr
    assert list(tmp_path.iterdir()) == []
