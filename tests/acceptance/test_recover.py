"""What is not finished is told as it stands, after any crash, and can be had to go on."""

from typing import Any

from tests.acceptance.user import User, wait_until


def standings(user: User) -> dict[str, str]:
    """How each session that is not finished stands, by type."""
    found: list[Any] = user.json("recover")
    return {one["type"]: one["standing"] for one in found}


def test_everything_unfinished_is_told_as_it_stands(user: User) -> None:
    """What runs, what nobody has begun, what waits for a person; what is over is not listed."""
    assert user("recover").stdout == "everything is finished\n"
    user("run", "greet")
    user("start", "greet")
    user("run", "gate")
    running = user.begin("run", "held")
    user.wait_for_command()
    assert standings(user) == {"greet": "ready", "gate": "asks", "held": "running"}
    told = user("recover")
    assert told.returncode == 0
    assert f"is run by process {running.pid}" in told.stdout
    assert "a person answers" in told.stdout
    assert standings(user)["held"] == "running"
    assert user("recover", "--run").returncode == 5
    assert standings(user) == {"gate": "asks", "held": "running"}
    user.let_go()
    running.communicate(timeout=60)
    assert standings(user) == {"gate": "asks"}
    assert user("recover", "--account", "stranger").stdout == "everything is finished\n"


def test_what_was_killed_is_interrupted_and_goes_on(user: User) -> None:
    """Nobody has to notice it: the status tells what the lease and the log say now."""
    running = user.begin("run", "held")
    program = user.wait_for_command()
    running.kill()
    running.communicate()
    wait_until(lambda: not program.is_running())
    assert standings(user) == {"held": "interrupted"}
    told = user("recover").stdout
    assert "was interrupted" in told
    assert "its command runs again" in told
    assert "was interrupted at step hold" in user("show").stdout
    user.let_go()
    assert user("recover", "--run").returncode == 0
    assert user.json("show")["status"] == "complete"
