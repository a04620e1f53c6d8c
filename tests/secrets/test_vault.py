"""A secret is kept where only its owner reads it, and belongs to one account."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interlock.engine.errors import InvalidInput, SecretNotFound, StoreUnusable
from interlock.secrets import vault
from tests.secrets.own_keyring import OwnKeyring

VALUE = "hunter22-and-more"


def files(data_dir: Path) -> list[Path]:
    """Every file of the data directory."""
    return [path for path in data_dir.rglob("*") if path.is_file()]


def test_a_value_is_kept_under_its_name() -> None:
    """It can be read, replaced and forgotten; what is listed does not have it."""
    made = vault.put("a", "TOKEN", VALUE)
    assert vault.values("a") == {"TOKEN": VALUE}
    assert VALUE not in repr(vault.listing("a"))
    again = vault.put("a", "TOKEN", "another-value")
    assert vault.values("a") == {"TOKEN": "another-value"}
    assert again.fingerprint != made.fingerprint
    assert vault.put("a", "TOKEN", VALUE).fingerprint == made.fingerprint
    vault.remove("a", "TOKEN")
    assert (vault.values("a"), vault.listing("a")) == ({}, ())


def test_an_account_sees_its_own(data_dir: Path) -> None:
    """A stranger has no names, no values, nothing to remove, and other fingerprints."""
    mine = vault.put("a", "TOKEN", VALUE)
    assert (vault.values("b"), vault.listing("b")) == ({}, ())
    with pytest.raises(SecretNotFound, match=r"there is no secret TOKEN in this account"):
        vault.choose("b", ("TOKEN",))
    with pytest.raises(SecretNotFound):
        vault.remove("b", "TOKEN")
    theirs = vault.put("b", "TOKEN", VALUE)
    assert theirs.fingerprint != mine.fingerprint
    vault.remove("b", "TOKEN")
    assert vault.values("a") == {"TOKEN": VALUE}
    assert vault.values("../a") == {}


def test_only_the_owner_can_read_it(data_dir: Path) -> None:
    """Whatever the user's mask is, and also when the folder was there."""
    (data_dir / "secrets").mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        vault.put("a", "TOKEN", VALUE)
        vault.put("a", "OTHER", VALUE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((data_dir / "secrets").stat().st_mode) == 0o700
    (file,) = [path for path in files(data_dir) if path.suffix == ".json"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    with pytest.raises(StoreUnusable, match=r"can be read by others; `chmod 600 .* mends it"):
        vault.values("a")


def test_a_write_that_fails_changes_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old value stays, and nothing of the new one is left lying about."""
    vault.put("a", "TOKEN", VALUE)

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(StoreUnusable, match="No space left on device"):
            vault.put("a", "TOKEN", "another-value")
    assert vault.values("a") == {"TOKEN": VALUE}
    assert [path for path in files(data_dir) if "another" in path.read_text()] == []


def test_writers_at_the_same_time_lose_nothing() -> None:
    """Each waits for the others."""
    names = [f"TOKEN_{n}" for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: vault.put("a", name, f"value of {name}"), names))
    assert vault.values("a") == {name: f"value of {name}" for name in sorted(names)}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "has 0 bytes; give at least 6"),
        ("12345", "has 5 bytes; give at least 6"),
        ("x" * 16385, "has 16,385 bytes; give at most 16,384"),
        ("      ", "is blank"),
        ("a\0bcdefg", "is not text that a variable can hold"),
        ("abcdef\ud800", "is not text that a variable can hold"),
    ],
)
def test_a_value_that_cannot_be_kept_secret_is_refused(value: str, said: str) -> None:
    """The message does not have it."""
    with pytest.raises(InvalidInput) as raised:
        vault.put("a", "TOKEN", value)
    assert said in str(raised.value)
    assert not value.strip() or value not in str(raised.value)
    assert vault.values("a") == {}
    vault.put("a", "TOKEN", "123456")
    vault.put("a", "TOKEN", "x" * 16384)


@pytest.mark.parametrize(
    "name",
    ["", "1A", "A-B", "A B", "A=B", "Ä", "A" * 101, "PATH", "HOME", "LD_PRELOAD", "INTERLOCK_TAG"],
)
def test_a_name_is_that_of_a_variable(name: str) -> None:
    """And not of one that means something else."""
    with pytest.raises(InvalidInput, match=r"cannot name a secret|has a meaning of its own"):
        vault.put("a", name, VALUE)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"salt": "x", "secrets": []}', "null"])
def test_a_damaged_file_is_named_and_not_told(data_dir: Path, content: str) -> None:
    """A secret that cannot be read is no reason to go on without it."""
    vault.put("a", "TOKEN", VALUE)
    (file,) = [path for path in files(data_dir) if path.suffix == ".json"]
    file.write_text(content)
    for ask in (vault.values, vault.listing):
        with pytest.raises(StoreUnusable, match="is damaged; remove it"):
            ask("a")


def test_only_those_that_are_named_are_given() -> None:
    """A missing one is an error that says how to make it."""
    vault.put("a", "ONE", VALUE)
    vault.put("a", "TWO", VALUE)
    assert vault.choose("a", ("TWO",)) == {"TWO": VALUE}
    assert vault.choose("a", ()) == {}
    with pytest.raises(SecretNotFound, match="`interlock secrets set THREE` makes it"):
        vault.choose("a", ("ONE", "THREE"))


def test_a_keyring_keeps_the_value(data_dir: Path, own_keyring: OwnKeyring) -> None:
    """Where there is one no file has it, also not one that it was in before."""
    made = vault.put("a", "TOKEN", VALUE)
    assert made.place == "keyring"
    assert own_keyring.kept == {("interlock", "a/TOKEN"): VALUE}
    assert vault.values("a") == {"TOKEN": VALUE}
    assert [path for path in files(data_dir) if VALUE in path.read_text()] == []
    vault.remove("a", "TOKEN")
    assert own_keyring.kept == {}


def test_without_a_keyring_that_works_the_file_has_it(own_keyring: OwnKeyring) -> None:
    """One that is locked keeps nothing."""
    own_keyring.locked = True
    assert vault.put("a", "TOKEN", VALUE).place == "file"
    assert vault.values("a") == {"TOKEN": VALUE}


def test_a_value_out_of_reach_is_an_error(own_keyring: OwnKeyring, data_dir: Path) -> None:
    """Locked, or gone: nothing is run, or kept, as if there were no secret."""
    vault.put("a", "TOKEN", VALUE)
    own_keyring.locked = True
    with pytest.raises(StoreUnusable, match=r"cannot be read .* \(KeyringLocked\); unlock it"):
        vault.values("a")
    own_keyring.locked = False
    own_keyring.kept.clear()
    with pytest.raises(StoreUnusable, match="is gone from the system's keyring; set it anew"):
        vault.values("a")
    vault.remove("a", "TOKEN")
    assert vault.values("a") == {}


def test_the_file_says_what_is_kept_where(data_dir: Path) -> None:
    """It is what is read after another version has written it."""
    vault.put("a", "TOKEN", VALUE)
    (file,) = [path for path in files(data_dir) if path.suffix == ".json"]
    told = json.loads(file.read_text())
    assert set(told) == {"salt", "secrets"}
    assert [one["name"] for one in told["secrets"]] == ["TOKEN"]
