"""The recorded streams are those of our cases, and hold nothing of the machine that made them."""

import json
from pathlib import Path

import pytest

from tests.real_agents.aider import SCRIPTS
from tests.real_agents.cases import CASES
from tests.real_agents.desk import Desk
from tests.real_agents.record_streams import STREAMS, scrub

CODES = {f"{slug}-{case.name}": code for case in CASES for slug, code in case.codes.items()}
PLAIN = {f"aider-{name}": 0 for name in SCRIPTS}  # Aider speaks no JSON, and always exits 0


def test_every_case_is_recorded_and_nothing_else() -> None:
    """One stream and one exit code for each program of each case, the code that the case has."""
    assert json.loads((STREAMS / "exits.json").read_text()) == CODES | PLAIN
    assert {path.stem for path in STREAMS.glob("*.jsonl")} == set(CODES)
    assert {path.stem for path in STREAMS.glob("*.txt")} == set(PLAIN)


@pytest.mark.parametrize("name", sorted(CODES))
def test_a_recorded_stream_parses(name: str) -> None:
    """Every line is a JSON object."""
    lines = (STREAMS / f"{name}.jsonl").read_text().splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_what_differs_from_run_to_run_is_made_the_same() -> None:
    """Paths, ports, ids and times; the same id twice stays the same id, another stays another."""
    desk = Desk(home=Path("/srv/x_1/home"), repo=Path("/srv/x_1/repo"))
    first, second = "0123abcd-0123-4567-89ab-0123456789ab", "fedc3210-0123-4567-89ab-0123456789ab"
    assert scrub(f"{first} {second} {first}", desk) == (
        "00000001-0000-4000-8000-000000000000 00000002-0000-4000-8000-000000000000"
        " 00000001-0000-4000-8000-000000000000"
    )
    assert scrub("/srv/x_1/repo/a -srv-x-1-repo/b /srv/x_1/home/.c", desk) == (
        "/home/user/project/a -home-user-project/b /home/user/.c"
    )
    assert scrub('"duration_ms":523,"retry_delay_ms":580.02', desk) == (
        '"duration_ms":100,"retry_delay_ms":580'
    )
    assert scrub('{"at":"2026-11-28T12:30:39.149Z","time":1795868907668}', desk) == (
        '{"at":"2026-01-01T00:00:00.000Z","time":1767225600000}'
    )
    assert scrub("http://127.0.0.1:34049/v1 toolu_0a1b2c3d4e5f60718293a4b5", desk) == (
        "http://127.0.0.1:8080/v1 toolu_000000000000000000000001"
    )
