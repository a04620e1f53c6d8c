"""A trusted file is a session type for as long as its bytes are the ones that were trusted."""

import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import pytest

from interlock.engine.errors import (
    BrokenType,
    InvalidInput,
    Refused,
    StoreUnusable,
    UnknownType,
)
from interlock.plugins import SESSION_TYPES, Plugin, available, forget, load_type, trust, untrust
from interlock.plugins.pins import Pin, read_pins, update_pins
from tests.plugins.site_packages import SitePackages, session_type


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the session type `deploy` in it."""
    path = tmp_path / "project" / "deploy.py"
    path.parent.mkdir()
    path.write_text(session_type("Deploy"))
    return path


def trusted() -> list[Plugin]:
    """What is listed as a trusted file."""
    return [plugin for plugin in available(SESSION_TYPES) if plugin.source == "trusted file"]


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that runs a program to its end."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_trusted_file_is_listed_and_loads(data_dir: Path, file: Path) -> None:
    """Its path, the digest of its bytes and its names are kept, and its class is what loads."""
    assert trust(file) == ("deploy",)
    assert json.loads((data_dir / "trusted.json").read_text()) == {
        "files": [
            {
                "path": str(file),
                "sha256": sha256(file.read_bytes()).hexdigest(),
                "names": ["deploy"],
            }
        ]
    }
    assert trusted() == [Plugin("deploy", str(file), "trusted file")]
    kind = load_type("deploy")
    assert (kind.name, kind.definition.initial) == ("deploy", "work")
    assert load_type("deploy") is kind


def test_a_file_may_define_several_types(file: Path) -> None:
    """Each class with a table is one; a parent without a table and an imported class are none."""
    file.write_text(
        "from interlock.session_types.mend import Mend\n"
        "from interlock import COMPLETE, Prompt, SessionType, step\n"
        "class Parent(SessionType):\n"
        "    @step\n"
        "    def work(self, session): return Prompt('x')\n"
        "class One(Parent):\n"
        "    transitions = [['ok', 'work', COMPLETE]]\n"
        "class Two(One): ...\n"
        "Again = Two\n"
    )
    assert trust(file) == ("one", "two")
    assert [load_type(name).name for name in ("one", "two")] == ["one", "two"]


def test_a_file_that_is_not_trusted_is_not_a_type(file: Path) -> None:
    """A file is nothing until it is trusted."""
    with pytest.raises(UnknownType):
        load_type("deploy")
    assert trusted() == []


def test_listing_does_not_run_the_file(tmp_path: Path, file: Path) -> None:
    """A trusted file runs when it is trusted and when it is used, never to be listed."""
    trace = tmp_path / "runs"
    file.write_text(
        f"with open({str(trace)!r}, 'a') as trace: trace.write('x')\n" + session_type("Deploy")
    )
    trust(file)
    assert trace.read_text() == "x"
    assert [plugin.name for plugin in trusted()] == ["deploy"]
    assert trace.read_text() == "x"
    load_type("deploy")
    assert trace.read_text() == "xx"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"\n",
        lambda content: content[:-1],
        lambda content: content.replace(b"Work", b"Worx"),
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: b"",
    ],
)
def test_a_changed_file_is_refused(
    tmp_path: Path, file: Path, change: Callable[[bytes], bytes]
) -> None:
    """Any other bytes are refused before they run, in one line that says what to do."""
    trace = tmp_path / "runs"
    trace.touch()
    file.write_text(
        f"with open({str(trace)!r}, 'a') as trace: trace.write('x')\n" + session_type("Deploy")
    )
    trust(file)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(BrokenType) as caught:
        load_type("deploy")
    assert str(caught.value) == (
        f"{file} has changed since it was trusted; read it and run `interlock types trust {file}`"
    )
    assert trace.read_text() == "x"


def test_a_changed_file_can_be_trusted_again(file: Path) -> None:
    """Trusting it anew replaces the pin, also for what this process had loaded already."""
    trust(file)
    old = load_type("deploy")
    file.write_text(session_type("Deploy").replace('"ok", "work"', '"error", "work"'))
    assert load_type("deploy") is old
    trust(file)
    new = load_type("deploy")
    assert [old.definition.triggers("work"), new.definition.triggers("work")] == [
        ("ok",),
        ("error",),
    ]
    assert len(trusted()) == 1


def test_the_bytes_that_ran_are_the_bytes_that_are_pinned(file: Path) -> None:
    """A file that replaces itself while it is being trusted has not been trusted."""
    evil = session_type("Deploy", prompt="Evil.")
    file.write_text(
        session_type("Deploy") + f"\nwith open(__file__, 'w') as me: me.write({evil!r})\n"
    )
    assert trust(file) == ("deploy",)
    assert file.read_text() == evil
    with pytest.raises(BrokenType, match="has changed since it was trusted"):
        load_type("deploy")


def test_a_load_opens_the_file_once(file: Path) -> None:
    """Between the look at the digest and the run nobody can put other bytes there."""
    trust(file)
    program = (
        "import sys\n"
        "from interlock.plugins import load_type\n"
        "opened = []\n"
        "def watch(event, given):\n"
        "    if event == 'open' and str(given[0]) == sys.argv[1]: opened.append(given)\n"
        "sys.addaudithook(watch)\n"
        "print(load_type('deploy').name, len(opened))\n"
    )
    asked = run(program, file)
    assert asked.stdout == "deploy 1\n", asked.stderr


def test_a_link_that_points_elsewhere_is_refused(tmp_path: Path, file: Path) -> None:
    """A link is trusted for the content behind it; another target is other content."""
    link, other = tmp_path / "link.py", tmp_path / "other.py"
    link.symlink_to(file)
    other.write_text(session_type("Deploy", prompt="Evil."))
    trust(link)
    assert load_type("deploy").name == "deploy"
    forget()
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(BrokenType, match=f"^{link} has changed since it was trusted"):
        load_type("deploy")


def test_a_file_that_is_gone_is_one_line(file: Path) -> None:
    """The listing still has it; using it says that there is no such file."""
    trust(file)
    file.unlink()
    assert [plugin.name for plugin in trusted()] == ["deploy"]
    with pytest.raises(
        BrokenType, match=rf"^{file}: there is no such file; put back what was trusted"
    ):
        load_type("deploy")


def test_a_relative_path_means_the_same_file_everywhere(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pin holds the absolute path."""
    monkeypatch.chdir(file.parent)
    trust("../project/deploy.py")
    monkeypatch.chdir(tmp_path)
    assert [plugin.target for plugin in trusted()] == [str(file)]
    assert load_type("deploy").name == "deploy"


def test_a_taken_name_is_refused(tmp_path: Path, file: Path, site: SitePackages) -> None:
    """A file cannot take the name of a built-in, of an installed type or of another file."""
    site.install("acme", {SESSION_TYPES: {"shared": "acme:Shared"}})
    trust(file)
    other = tmp_path / "other.py"
    for kind, owner in (
        ("Mend", r"mend is taken \(built-in\); rename the class"),
        ("Shared", r"shared is taken \(acme 1.0\); rename the class"),
        ("Deploy", rf"deploy comes from {file}, .* `interlock types untrust {file}`"),
    ):
        other.write_text(session_type(kind))
        with pytest.raises(Refused, match=owner):
            trust(other)
    assert [plugin.target for plugin in trusted()] == [str(file)]


def test_a_file_that_is_gone_gives_its_name_up(tmp_path: Path, file: Path) -> None:
    """A file that was moved can be trusted where it is now."""
    trust(file)
    moved = file.rename(tmp_path / "moved.py")
    assert trust(moved) == ("deploy",)
    assert [plugin.target for plugin in trusted()] == [str(moved)]


def test_an_installed_type_comes_before_a_trusted_file(file: Path, site: SitePackages) -> None:
    """A distribution installed later takes the name, and the listing says so."""
    trust(file)
    text = session_type("Deploy")
    site.install("acme", {SESSION_TYPES: {"deploy": "acme:Deploy"}}, {"acme": text})
    note = "not used: acme 1.0 offers deploy too; remove one of them"
    assert [plugin.note for plugin in trusted()] == [note]
    assert load_type("deploy").__module__ == "acme"


def test_a_file_is_not_trusted_any_more(file: Path) -> None:
    """After untrust its names are unknown; it works for a file that is gone, and once only."""
    trust(file)
    load_type("deploy")
    file.unlink()
    assert untrust(file) == ("deploy",)
    assert trusted() == []
    with pytest.raises(UnknownType):
        load_type("deploy")
    with pytest.raises(InvalidInput, match=f"{file} is not trusted; `interlock types` lists what"):
        untrust(file)


def test_pins_written_at_the_same_time_are_all_kept(data_dir: Path) -> None:
    """A writer that comes while another is between reading and writing waits for it."""
    pins = data_dir / "trusted.json"
    second = Thread(
        target=update_pins, args=(pins, lambda old: (*old, Pin("/second.py", "", ("second",))))
    )
    inside = Event()

    def first(old: tuple[Pin, ...]) -> tuple[Pin, ...]:
        second.start()
        inside.set()
        second.join(timeout=0.5)  # over at once if it does not wait; then its pin is lost below
        return (*old, Pin("/first.py", "", ("first",)))

    update_pins(pins, first)
    assert inside.is_set()
    second.join(timeout=60)
    assert [pin.path for pin in read_pins(pins)] == ["/first.py", "/second.py"]


def test_processes_that_trust_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Four processes trust two files each; every one of them is trusted in the end."""
    files = [tmp_path / f"file{number}.py" for number in range(8)]
    for number, path in enumerate(files):
        path.write_text(session_type(f"Number{number}"))
    program = "import sys\nfrom interlock.plugins import trust\nlist(map(trust, sys.argv[1:]))"
    running = [
        subprocess.Popen([sys.executable, "-c", program, *map(str, files[at : at + 2])])
        for at in range(0, 8, 2)
    ]
    assert [one.wait(timeout=120) for one in running] == [0] * 4
    assert sorted(plugin.target for plugin in trusted()) == sorted(map(str, files))


def test_pins_that_cannot_be_written_are_left_as_they_are(
    tmp_path: Path, data_dir: Path, file: Path
) -> None:
    """On a full disk the old pins stay whole, no other file is left, and the error is one line."""
    trust(file)
    before = (data_dir / "trusted.json").read_bytes()
    other = tmp_path / "other.py"
    other.write_text(session_type("Other"))
    program = (
        "import resource, sys\n"
        "from interlock.engine.errors import StoreUnusable\n"
        "from interlock.plugins import trust\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: trust(sys.argv[1])\n"
        "except StoreUnusable as error: print(error)\n"
    )
    said = run(program, other)
    assert said.stdout == (
        f"{data_dir}/trusted.json: cannot be written: File too large; "
        "set INTERLOCK_DATA_DIR to a directory that can\n"
    ), said.stderr
    assert (data_dir / "trusted.json").read_bytes() == before
    assert {path.name for path in data_dir.iterdir()} == {"trusted.json", "trusted.lock"}


def test_a_data_directory_that_cannot_be_is_one_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trusting says which file cannot be written and which variable to set."""
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(file / "below a file"))
    with pytest.raises(StoreUnusable, match=r"trusted\.json: cannot be written: Not a directory"):
        trust(file)


def test_only_the_user_can_read_the_pins(data_dir: Path, file: Path) -> None:
    """Nobody else may write there what this user then runs."""
    trust(file)
    assert data_dir.stat().st_mode & 0o077 == 0
    assert (data_dir / "trusted.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"files": 3}',
        b'{"files": [{"path": "/x"}]}',
        b"[" * 200_000,
    ],
)
def test_pins_that_are_damaged_hide_nothing_else(
    data_dir: Path, file: Path, content: bytes
) -> None:
    """They are one line in the listing and in every error about an unknown name."""
    data_dir.mkdir()
    (data_dir / "trusted.json").write_bytes(content)
    mend = "not what `interlock types trust` writes; remove it and trust your files again"
    (listed,) = trusted()
    assert (listed.name, listed.note) == ("?", f"not used: {listed.target}: {mend}")
    assert load_type("mend").name == "mend"
    with pytest.raises(UnknownType, match="remove it and trust your files again"):
        load_type("deploy")
    with pytest.raises(BrokenType, match="remove it and trust your files again"):
        trust(file)
    assert (data_dir / "trusted.json").read_bytes() == content
