"""Listing plugins: everything there is, nothing imported, and nothing lost to a broken one."""

import subprocess
import sys
from pathlib import Path

import pytest

from interlock.engine.errors import BrokenType, InvalidInput
from interlock.plugins import (
    AGENTS,
    ENVIRONMENTS,
    EXPORTERS,
    NOUNS,
    SESSION_TYPES,
    Plugin,
    available,
    load_type,
)
from interlock.plugins.builtin import BUILTIN
from tests.plugins.site_packages import SitePackages, session_type

GROUPS = (SESSION_TYPES, AGENTS, ENVIRONMENTS, EXPORTERS)


def others(group: str) -> list[Plugin]:
    """What is listed besides the built-ins."""
    return [plugin for plugin in available(group) if plugin.source != "built-in"]


def test_there_are_four_groups() -> None:
    """Each group has a word for its members and built-ins; any other is refused."""
    assert tuple(NOUNS) == tuple(BUILTIN) == GROUPS
    with pytest.raises(InvalidInput, match=r"no group 'interlock.x'; use one of interlock.session"):
        available("interlock.x")


@pytest.mark.parametrize("group", GROUPS)
def test_the_builtins_are_listed_first(group: str, site: SitePackages) -> None:
    """They come in the table's order and without a note, and what is installed comes after them."""
    site.install("acme", {group: {"a": "acme:A"}})
    listed = available(group)
    builtins = [Plugin(name, target, "built-in") for name, target in BUILTIN[group].items()]
    assert listed == [*builtins, Plugin("a", "acme:A", "acme 1.0")]


def test_listing_imports_no_plugin(tmp_path: Path, site: SitePackages) -> None:
    """A module that leaves a file behind when it runs has left none after it was listed."""
    trace = tmp_path / "it ran"
    text = f"from pathlib import Path\nPath({str(trace)!r}).touch()\n" + session_type("Traced")
    site.install("acme", {SESSION_TYPES: {"traced": "acme_traced:Traced"}}, {"acme_traced": text})
    assert others(SESSION_TYPES) == [Plugin("traced", "acme_traced:Traced", "acme 1.0")]
    assert not trace.exists()
    assert "acme_traced" not in sys.modules
    load_type("traced")
    assert trace.exists()


def test_listing_imports_no_builtin() -> None:
    """A fresh interpreter that lists every group has loaded none of the built-ins."""
    program = (
        "import sys\n"
        "from interlock.plugins import NOUNS, available\n"
        "listed = [plugin.target for group in NOUNS for plugin in available(group)]\n"
        "print(len(listed), [name for name in listed if name.partition(':')[0] in sys.modules])\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    count, _, imported = asked.stdout.strip().partition(" ")
    assert int(count) >= sum(map(len, BUILTIN.values())), asked.stderr
    assert imported == "[]"


def test_a_plugin_cannot_take_a_builtin_name(site: SitePackages) -> None:
    """The built-in keeps its name; the plugin is listed with a note that says so."""
    text = session_type("Mend", prompt="Something else.")
    site.install("acme", {SESSION_TYPES: {"mend": "acme_mend:Mend"}}, {"acme_mend": text})
    note = "not used: mend is built in; rename it in acme 1.0"
    assert others(SESSION_TYPES) == [Plugin("mend", "acme_mend:Mend", "acme 1.0", note)]
    assert load_type("mend").__module__ == "interlock.session_types.mend"
    assert "acme_mend" not in sys.modules


def test_a_name_that_two_distributions_offer_is_used_for_neither(site: SitePackages) -> None:
    """Each is listed with a note that names the other, and the error names both."""
    for owner in ("acme", "best"):
        site.install(
            owner,
            {SESSION_TYPES: {"shared": f"{owner}_types:Shared", owner: f"{owner}_types:Own"}},
            {
                f"{owner}_types": session_type("Shared")
                + session_type("Own")
                + f"    name='{owner}'"
            },
        )
    notes = {plugin.source: plugin.note for plugin in others(SESSION_TYPES) if plugin.note}
    assert notes == {
        "acme 1.0": "not used: best 1.0 offers shared too; remove one of them",
        "best 1.0": "not used: acme 1.0 offers shared too; remove one of them",
    }
    with pytest.raises(BrokenType, match=r"shared of acme 1\.0 .* best 1\.0 offers shared too"):
        load_type("shared")
    assert [load_type(name).name for name in ("acme", "best")] == ["acme", "best"]


@pytest.mark.parametrize("name", ["Big", "a-b", "a b", "1st", "ärger", "x!", "__"])
def test_a_name_that_is_no_word_is_not_used(name: str, site: SitePackages) -> None:
    """It is listed with a note, and asking for it says the same."""
    site.install("acme", {SESSION_TYPES: {name: "acme_odd:Odd", "even": "acme_odd:Even"}})
    odd, even = sorted(others(SESSION_TYPES), key=lambda plugin: plugin.note == "")
    assert (odd.name, even) == (name, Plugin("even", "acme_odd:Even", "acme 1.0"))
    assert odd.note.startswith("not used: its name must be a word")
    with pytest.raises(BrokenType, match="not used: its name must be a word"):
        load_type(name)


def test_entry_points_that_cannot_be_read_hide_nothing_else(site: SitePackages) -> None:
    """A malformed file is one line in the listing, or none where it cannot be told whose it is."""
    site.install("good", {SESSION_TYPES: {"good": "good_types:Good"}})
    site.install_raw("malformed", b"[interlock.session_types]\nwhat is this\n")
    site.install_raw("binary", b"[interlock.session_types]\n\xff = \xfe:\xfd\n")
    (site.path / "empty-1.0.dist-info").mkdir()
    good, malformed = sorted(others(SESSION_TYPES), key=lambda plugin: plugin.note)
    assert good == Plugin("good", "good_types:Good", "good 1.0")
    assert (malformed.name, malformed.source) == ("?", "malformed 1.0")
    assert malformed.note.startswith("not used: its entry points cannot be read (")
    assert malformed.note.endswith("; reinstall it")


def test_a_distribution_without_metadata_is_still_listed(site: SitePackages) -> None:
    """Its plugins are there, and where they come from says that the name is unknown."""
    site.install("acme", {AGENTS: {"bot": "acme_bot:Bot"}})
    (site.path / "acme-1.0.dist-info" / "METADATA").unlink()
    assert others(AGENTS) == [Plugin("bot", "acme_bot:Bot", "a distribution without a name")]


def test_of_two_copies_the_first_on_the_path_is_listed(
    tmp_path: Path, site: SitePackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy further on is never imported, so it is not there."""
    behind = SitePackages(tmp_path / "behind")
    behind.path.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(behind.path)])
    site.install("acme-tools", {AGENTS: {"bot": "new:Bot"}}, version="2.0")
    behind.install("Acme_Tools", {AGENTS: {"bot": "old:Bot", "gone": "old:Gone"}})
    assert others(AGENTS) == [Plugin("bot", "new:Bot", "acme-tools 2.0")]
