"""What went wrong in the systems these session types come from cannot happen here."""

from typing import Any

import pytest

from interlock import Ask, Call, Command, Prompt, Result, Session, Spawn
from interlock.engine import cancel, handle_result, next_command, reissue, reopen, retry, start
from interlock.engine.decide import fault
from interlock.engine.errors import InvalidInput, Refused, SessionEnded
from tests.session_types.driver import NAMES, Walk, follow, load
from tests.session_types.paths import CODING, PATHS, SPEC_INPUT

SPAWNING = [
    ("context_design", "spawn_component_specs"),
    ("context_design", "spawn_review"),
    ("context_coding", "spawn_component_coding"),
    ("context_testing", "spawn_component_tests"),
]
FINALIZING = [name for name in NAMES if "finalize" in load(name).definition.steps]
FAILURE = Result("error", error="the hook says no")


def walks(name: str) -> list[Walk]:
    """Every path of a type, walked."""
    paths = PATHS[name]
    return [follow(load(name), paths.input, way, paths.results) for way in paths.ways]


def commands(name: str) -> dict[str, Command]:
    """A command of every step of a type."""
    return {step: command for walk in walks(name) for step, command in walk.commands}


def opened(name: str, step: str) -> Session:
    """A session that stands at a step with its command open."""
    kind = load(name)
    complete = next(walk.session for walk in walks(name) if walk.session.status == "complete")
    return next_command(kind, reopen(kind, complete, step))


@pytest.mark.parametrize("name", NAMES)
def test_a_cancelled_session_does_not_advance(name: str) -> None:
    """It gives no command and takes no result, also not for the command that was open."""
    kind = load(name)
    cancelled = cancel(next_command(kind, start(kind, input=PATHS[name].input)))
    with pytest.raises(SessionEnded):
        next_command(kind, cancelled)
    with pytest.raises(SessionEnded):
        handle_result(kind, cancelled, Result())


@pytest.mark.parametrize("name", NAMES)
def test_every_step_has_a_route_for_a_failure_and_for_a_warning(name: str) -> None:
    """Whatever a step runs, an error, a timeout and a warning of it lead by a row of the table."""
    kind = load(name)
    given = commands(name)
    assert set(given) == set(kind.definition.steps)
    for step, command in given.items():
        if not isinstance(command, Ask):
            for status in ("ok", "error", "timeout", "warning"):
                assert kind.definition.route(step, status), f"{name}.{step}: {status}"


@pytest.mark.parametrize("name", NAMES)
def test_a_session_can_be_reopened_at_any_step(name: str) -> None:
    """Also where nothing went before: no step needs more than the input to make its command."""
    kind = load(name)
    cancelled = cancel(start(kind, input=PATHS[name].input))
    for step in kind.definition.steps:
        session = next_command(kind, reopen(kind, cancelled, step))
        assert session.open is not None
        assert fault(session.open.command) is None


@pytest.mark.parametrize("name", FINALIZING)
def test_a_failed_finalize_leads_somewhere(name: str) -> None:
    """It is tried again or told to a person; where it fails for good the session says why, and a
    retry takes it up again."""
    kind = load(name)
    session = opened(name, "finalize")
    for _ in range(3):
        session = handle_result(kind, session, FAILURE)
        session = next_command(kind, session) if session.active else session
        if session.step != "finalize":
            assert session.open is not None
            assert isinstance(session.open.command, Ask)
            assert "the hook says no" in session.open.command.question
            return
    assert session.status == "failed"
    assert "the hook says no" in str(session.reason)
    assert next_command(kind, retry(session)).step == "finalize"


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_is_never_left_pending(name: str) -> None:
    """An error closes the open row at once, and the same result is not taken twice."""
    kind = load(name)
    for step in kind.definition.steps:
        moved = handle_result(kind, opened(name, step), FAILURE)
        assert moved.open is None
        assert moved.last(step).status == "error"
        with pytest.raises(Refused):
            handle_result(kind, moved, FAILURE)


LOOPS = {
    "mend": "check error, mend ok, check error -> failed",
    "component_spec": """initialize ok, generate ok, validate blank, revise ok, validate blank
        -> failed""",
    "component_coding": """initialize ok, generate_implementation ok, run_tests error,
        fix_test_failures ok, run_tests error -> failed""",
    "component_test": """initialize ok, generate_tests ok, check_tests ok, run_tests error,
        fix_tests ok, check_tests error -> failed""",
    "component_design_review": "initialize ok, execute_review ok, validate bad -> failed",
    "integration": """initialize ok, generate_tests ok, run_tests error, fix ok, run_tests error,
        last_fix ok, run_tests error, consult stop -> cancelled""",
    "change": """plan ok, approve_plan approve, branch ok, implement ok, test error, fix ok,
        test error -> failed""",
}


@pytest.mark.parametrize(("name", "way"), LOOPS.items())
def test_a_loop_has_a_limit_of_its_own(name: str, way: str) -> None:
    """`tries` bounds each loop of work and check, long before the budget does."""
    paths = PATHS[name]
    follow(load(name), {**paths.input, "tries": 1}, way, paths.results)


def test_work_asked_for_later_may_be_fixed_anew() -> None:
    """In a change, tests that the first work used up its tries on do not end the second."""
    given = {**PATHS["change"].input, "tries": 1}
    follow(
        load("change"),
        given,
        "plan ok, approve_plan approve, branch ok, implement ok, test error, fix ok, test ok, "
        "review ok, approve_change revise, rework ok, test error, fix ok, test error -> failed",
    )


def test_a_failed_loop_names_what_failed_last() -> None:
    """The reason holds the end of the last output and what went wrong with the agent."""
    results = {
        "red": Result("error", error="exit code 1", stdout="x" * 2000 + "E501 line too long"),
        "lost": Result("error", error="no such program: fixer"),
    }
    walk = follow(load("mend"), {"check": "ruff check", "tries": 1},
                  "check red, mend lost, check red -> failed", results)  # fmt: skip
    reason = str(walk.session.reason)
    assert reason.startswith("exit code 1; its last output:")
    assert "E501 line too long" in reason
    assert "no such program: fixer" in reason
    assert len(reason) < 1000


def test_a_valid_spec_can_be_revised() -> None:
    """Revising a spec that is valid is no error: it asks the agent, and the session goes on."""
    paths = PATHS["component_spec"]
    revised = opened("component_spec", "revise")
    assert revised.open is not None
    assert isinstance(revised.open.command, Prompt)
    mended_by_hand = "initialize ok, generate ok, validate blank, revise ok, validate valid"
    follow(load("component_spec"), paths.input, f"{mended_by_hand}", paths.results)


def test_feedback_is_that_of_the_tests() -> None:
    """A failure of another step is not taken for that of the tests."""
    results = {
        "crash": Result("error", error="the agent crashed"),
        "red": Result("error", stdout="2 != 3"),
    }
    walk = follow(
        load("component_coding"),
        CODING,
        "initialize ok, generate_implementation crash, generate_implementation ok, run_tests red, "
        "fix_test_failures crash, run_tests red, fix_test_failures ok",
        results,
    )
    assert "2 != 3" in walk.command("fix_test_failures").text
    assert "crashed" not in walk.command("fix_test_failures").text


@pytest.mark.parametrize(("name", "step"), SPAWNING)
def test_spawning_again_spawns_the_same_children(name: str, step: str) -> None:
    """Issued again, or retried after a child failed, a Spawn has the children it had."""
    kind = load(name)
    session = opened(name, step)
    again = reissue(kind, session)
    failed = handle_result(kind, session, Result("error", error="child sessions failed: cart"))
    assert failed.status == "failed"
    assert failed.reason == "child sessions failed: cart"
    retried = next_command(kind, retry(failed))
    first, *others = [s.open.command for s in (session, again, retried) if s.open]
    assert isinstance(first, Spawn)
    assert others == [first, first]
    assert len({child.key for child in first.children}) == len(first.children) > 0


@pytest.mark.parametrize("name", ["context_design", "context_coding", "context_testing"])
@pytest.mark.parametrize("components", [[], "", None, [""], ["cart", "cart"], [{"priority": 1}]])
def test_a_parent_without_proper_components_does_not_start(name: str, components: Any) -> None:
    """No component, one with no name, or one named twice is refused before anything runs."""
    with pytest.raises(InvalidInput, match="component"):
        start(load(name), input={**PATHS[name].input, "components": components})


def test_a_missing_file_is_never_a_valid_spec() -> None:
    """A read that failed stays an error, and the session goes on to revise."""
    walk = follow(load("component_spec"), SPEC_INPUT,
                  "initialize ok, generate ok, validate error, revise ok")  # fmt: skip
    assert walk.session.last("validate").status == "error"


def test_no_verdict_of_an_older_review_counts() -> None:
    """The review that is there already is removed before the agent writes its own."""
    assert commands("component_design_review")["initialize"] == Call(
        "delete_file", {"path": "docs/review.md"}
    )
