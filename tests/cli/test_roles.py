"""`interlock db init --roles`, and the command line as a role that is shown one account."""

from collections.abc import Iterator

import pytest
from attrs import frozen

from tests.cli.desk import Desk
from tests.server import QUICK, Server, close_connections
from tests.store.walled import ask

URL = "INTERLOCK_DATABASE_URL"
OTHER = ("--account", "other")


@frozen
class Installation:
    """A new database of a server, and the word that the names of its roles begin with."""

    administrator: str
    app: str
    prefix: str


@pytest.fixture
def installation(desk: Desk, server: Server) -> Iterator[Installation]:
    """Its roles are gone when it is."""
    prefix = f"{server.name}_i"
    with server.database(empty=True) as url:
        scheme, _, rest = url.partition("://")
        yield Installation(url, f"{scheme}://{prefix}_app@{rest.rpartition('@')[2]}", prefix)
    for role in ("worker", "app", "owner"):
        server.execute(f"DROP ROLE IF EXISTS {prefix}_{role}")


def test_an_administrator_sets_it_up_and_the_application_works(
    desk: Desk, installation: Installation
) -> None:
    """Once or often. From then on a stranger is shown nothing, whatever is asked, and what looks at
    every account is refused. What the server does not flush is told."""
    desk.set(URL, installation.administrator)
    told = desk("db", "init", "--roles", "--prefix", installation.prefix)
    assert told.status == 0, told.err
    assert "applied 0001_initial\n" in told.out
    assert f"let {URL} name {installation.prefix}_app, and" in told.out
    again = desk.json("db", "init", "--roles", "--prefix", installation.prefix)
    roles = {role: f"{installation.prefix}_{role}" for role in ("owner", "app", "worker")}
    assert (again["applied"], again["roles"]) == ([], roles)
    assert "which shows this role every account" in desk("doctor").out
    close_connections()
    desk.set(URL, installation.app)
    looked = desk("doctor").out
    assert "which shows this role one account at a time" in looked
    unsafe = [ask(installation.administrator, f"SHOW {name}") for name in QUICK]
    assert ("a crash of its machine may take commits back" in looked) == ([("off",)] in unsafe)
    desk("run", "greet", "-i", "name=Ann")
    own = desk.json("show")
    foreign = desk.json("start", "greet", *OTHER)["id"]
    assert own["status"] == "complete"
    assert [one["id"] for one in desk.json("list")] == [own["id"]]
    assert desk("show", foreign).status == 3
    assert desk("verify", "--all").status == 0
    sizes = {one["name"]: one["rows"] for one in desk.json("db", "stats")["tables"]}
    assert (sizes["session"], sizes["account"]) == (1, 1)
    for words in (
        ("db", "check"),
        ("db", "move", "sqlite:////nowhere/x.db"),
        ("db", "restore", "--yes"),
    ):
        refused = desk(*words)
        assert (refused.status, refused.err.count("\n")) == (4, 1), words
        assert "administrator" in refused.err
    refused = desk("db", "init", "--roles")
    assert (refused.status, refused.err.count("\n")) == (4, 1)
    close_connections()


def test_whoever_restored_a_server_has_every_hold_made_void(
    desk: Desk, installation: Installation
) -> None:
    """Where nobody can be asked it wants to be told, and a backup in a file is refused."""
    desk.set(URL, installation.administrator)
    desk("db", "init")
    made = desk.json("start", "greet")["id"]
    held = "UPDATE session SET lease_owner = 'elsewhere:1:1:word', lease_until = '2100-01-01'"
    ask(installation.administrator, held)
    refused = desk("db", "restore")
    assert (refused.status, "say --yes" in refused.err) == (4, True)
    refused = desk("db", "restore", "kept.db", "--yes")
    assert (refused.status, "pg_restore" in refused.err) == (4, True)
    assert desk("run", made).status == 4
    told = desk("db", "restore", "--yes")
    assert (told.status, told.out.startswith("nobody holds one of the 1 sessions")) == (0, True)
    assert desk("run", made).status == 0
    close_connections()


def test_passwords_are_read_and_never_said(desk: Desk, installation: Installation) -> None:
    """From variables, or where somebody can be asked."""
    desk.set(URL, installation.administrator)
    words = ("db", "init", "--roles", "--prefix", installation.prefix)
    unasked = desk(*words, "--ask-passwords")
    assert (unasked.status, unasked.err.count("\n")) == (2, 1)
    assert "INTERLOCK_APP_PASSWORD and INTERLOCK_WORKER_PASSWORD may have" in unasked.err
    desk.set("INTERLOCK_APP_PASSWORD", "correct horse")
    told = desk(*words)
    assert told.status == 0
    assert "horse" not in told.out + told.err
    known = "SELECT rolname, rolpassword ~ '^SCRAM' FROM pg_authid"
    found = dict(ask(installation.administrator, known))
    kept = {role: found[f"{installation.prefix}_{role}"] for role in ("owner", "app", "worker")}
    assert kept == {"owner": None, "app": True, "worker": None}
    close_connections()


def test_a_file_has_no_roles(desk: Desk) -> None:
    """Nor does a name begin with anything; without --roles it is made and brought up to date."""
    assert desk.json("db", "init") == {
        "path": str(desk.data / "interlock.db"),
        "applied": [],
        "roles": None,
    }
    assert desk("db", "init", "--roles").status == 4
    assert desk("db", "init", "--roles", "--prefix", "a; b").status == 2
