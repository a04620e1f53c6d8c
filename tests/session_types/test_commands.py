"""Each step of a built-in asks for exactly what its table is about."""

from typing import Any

import pytest

from interlock import Ask, Call, Child, Command, Prompt, Shell, Spawn
from interlock.engine import Log
from tests.session_types.driver import NAMES, load
from tests.session_types.paths import PATHS, walk

SPECIFIED = "initialize ok, generate ok, validate valid, finalize ok"
TESTED = "plan told, approve_plan approve, branch ok, implement ok, test ok"

EXACT: list[tuple[str, str, str, Command]] = [
    ("mend", "check ok", "check", Shell(("ruff", "check", "."), timeout=3600)),
    (
        "mend",
        "check error, mend ok, check ok, finalize ok",
        "finalize",
        Call("commit", {"message": "Mend what `ruff check .` reports", "branch": None}),
    ),
    ("component_spec", SPECIFIED, "initialize", Call("branch", {"name": "component_spec-cart"})),
    ("component_spec", SPECIFIED, "validate", Call("read_file", {"path": "docs/cart.md"})),
    (
        "component_spec",
        SPECIFIED,
        "finalize",
        Call("commit", {"message": "Specify the component cart", "branch": "component_spec-cart"}),
    ),
    (
        "project_setup",
        "validate bare, run_setup ok",
        "run_setup",
        Shell(("git", "init"), timeout=3600),
    ),
    (
        "change",
        f"{TESTED}, review good, approve_change approve, finalize ok, merge ok",
        "merge",
        Call("merge", {"branch": "change-let-a-cart-be-emptied", "into": "main"}),
    ),
    (
        "context_design",
        "initialize ok, spawn_component_specs ok, spawn_review ok",
        "spawn_review",
        Spawn(
            (
                Child(
                    "component_design_review",
                    {
                        "context": "shop",
                        "documents": ["docs/cart.md", "docs/order.md"],
                        "report": "docs/design-review-shop.md",
                        "branch": "context_design-shop",
                    },
                    key="review",
                    title="component_design_review: shop",
                ),
            )
        ),
    ),
]


@pytest.mark.parametrize(("name", "way", "step", "command"), EXACT)
def test_a_step_gives_this_command(name: str, way: str, step: str, command: Command) -> None:
    """No word more and no word less."""
    assert walk(name, way).command(step) == command


CODED = "initialize ok, generate_implementation ok"
SPEC_REVISED = "initialize ok, generate ok, validate partial, revise ok"
REVIEWED_AGAIN = "initialize ok, execute_review ok, validate blank, execute_review ok"
PLAN_KEPT = "plan told, approve_plan wish, revise_plan red, approve_plan approve"
REWORKED = f"{TESTED}, review bad, rework ok"
UNMERGED = f"{TESTED}, review good, approve_change approve, finalize ok, merge red"
ADVISED = """initialize ok, generate_tests ok, run_tests red, fix ok, run_tests red, fix ok,
    run_tests red, fix ok, run_tests red, last_fix ok, run_tests red, consult advice, fix ok"""

TOLD = [
    ("mend", "check red, mend ok", "mend", ["`ruff check .`", "E501 line too long"]),
    ("agent_task", "work ok, evaluate red, work ok", "work", ["Sort", "E501 line"]),
    ("component_coding", CODED, "generate_implementation", ["cart", "`pytest -q tests/test_"]),
    ("component_spec", SPECIFIED, "generate", ["cart", "docs/cart.md", "Purpose, Public API,"]),
    ("component_spec", SPEC_REVISED, "revise", ["docs/cart.md", "'Public API' is missing"]),
    ("context_spec", SPEC_REVISED, "revise", ["the section 'Components' is missing"]),
    ("component_design_review", REVIEWED_AGAIN, "execute_review", ["docs/review.md is empty"]),
    ("project_setup", "validate half, handle_failure ok", "handle_failure", ["missing: editor"]),
    (
        "project_setup",
        "validate bare, run_setup red, handle_failure ok",
        "handle_failure",
        ["E501 line too long"],
    ),
    (
        "change",
        "plan told, approve_plan wish, revise_plan ok",
        "revise_plan",
        ["First the tests", "in two steps"],
    ),
    ("change", PLAN_KEPT, "approve_plan", ["in two steps", "Revising it failed: exit code 1"]),
    ("change", f"{PLAN_KEPT}, branch ok, implement ok", "implement", ["emptied", "in two steps"]),
    ("change", REWORKED, "rework", ["Name it better"]),
    (
        "change",
        f"{REWORKED}, test ok, review good, approve_change wish, rework ok",
        "rework",
        ["First the tests"],
    ),
    (
        "change",
        f"{UNMERGED}, approve_change approve",
        "approve_change",
        ["Merging failed: exit code 1", "VERDICT: APPROVE"],
    ),
    ("change", f"{UNMERGED}, approve_change wish, rework ok", "rework", ["Merging failed: exit"]),
    ("integration", ADVISED, "fix", ["E501 line too long", "Look at the clock"]),
    ("integration", ADVISED, "last_fix", ["after 3 attempts", "E501 line too long"]),
    ("chat", "listen hello, reply hi, listen close -> complete", "listen", ["Good day"]),
    ("chat", "listen hello, reply red, listen close -> complete", "listen", ["exit code 1"]),
]


@pytest.mark.parametrize(("name", "way", "step", "words"), TOLD)
def test_a_step_tells_what_it_is_about(name: str, way: str, step: str, words: list[str]) -> None:
    """The agent and the person read what was asked for and what came back."""
    command = walk(name, way).command(step)
    assert isinstance(command, Prompt | Ask)
    text = command.text if isinstance(command, Prompt) else command.question
    for word in words:
        assert word in text


@pytest.mark.parametrize("name", [name for name in NAMES if "instruction?" in load(name).inputs])
def test_the_instruction_reaches_the_agent(name: str) -> None:
    """What else the agent should know is in a prompt, or in the input of the children."""
    commands = [
        command
        for way in PATHS[name].ways
        for _, command in walk(name, way, instruction="Use tabs.").commands
    ]
    prompts = [command.text for command in commands if isinstance(command, Prompt)]
    spawns = [command for command in commands if isinstance(command, Spawn)]
    told = [str(child.input.get("instruction")) for spawn in spawns for child in spawn.children]
    assert any("Use tabs." in text for text in [*prompts, *told])


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_limit_of_time(name: str) -> None:
    """What runs or asks an agent ends after some time; a person may take all theirs."""
    for way in PATHS[name].ways:
        for step, command in walk(name, way).commands:
            if isinstance(command, Shell | Prompt):
                assert command.timeout == 3600, step


UNTOLD = [
    ("agent_task", "work ok, evaluate ok", "work", "evaluation"),
    ("change", f"{TESTED}, review good, approve_change approve", "approve_change", "failed"),
    ("change", "plan told, approve_plan wish, revise_plan ok, approve_plan approve",
     "approve_plan", "failed"),
    ("chat", "listen hello, reply hi, listen hello, reply hi", "reply", "Use tabs."),
    ("component_design_review", "initialize ok, execute_review ok", "execute_review", "usable"),
    ("component_spec", SPECIFIED, "generate", "template"),
    ("component_test", "initialize ok, generate_tests ok", "generate_tests", "implementation"),
    ("agent_task", f"{'work ok, evaluate red, ' * 5}consult stop", "consult", "agent failed"),
    ("agent_task", f"{'work error, evaluate red, ' * 5}consult stop", "consult", "agent failed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "way", "step", "word"), UNTOLD)
def test_a_step_tells_nothing_that_is_not_so(name: str, way: str, step: str, word: str) -> None:
    """What did not fail, was not given, or was said before is not told."""
    given: dict[str, Any] = (
        {"instruction": "Use tabs."} if "instruction?" in load(name).inputs else {}
    )
    command = walk(name, way, **given).command(step)
    text = command.text if isinstance(command, Prompt) else command.question
    assert word not in text


def test_what_was_given_is_told() -> None:
    """A template, and that tests come first, are in the first prompt; a person hears of the agent's
    own failure."""
    made = walk("component_spec", "initialize ok, generate ok", template="# X\n## Errors\n")
    assert "Follow this template:\n\n# X\n## Errors" in made.command("generate").text
    assert "with the sections Errors." in made.command("generate").text
    first = walk("component_test", "initialize ok, generate_tests ok", tdd=True)
    assert "There is no implementation yet" in first.command("generate_tests").text
    asked = walk("agent_task", f"{'work red, evaluate error, ' * 5}consult stop")
    assert "The agent failed too: exit code 1" in asked.command("consult").question


ANEW = ("plan", "review", "generate", "generate_implementation", "generate_tests", "last_fix")
"""Steps that begin a conversation of their own, however often they run."""

FIRST_ANEW = ("mend", "work", "execute_review", "handle_failure", "reply")
"""Steps that begin one the first time and go on with it later."""


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_goes_on_with_its_conversation_or_begins_anew(name: str) -> None:
    """The first work begins a conversation; mending it goes on there; a review looks afresh."""
    for way in PATHS[name].ways:
        log = walk(name, way).session.log
        assert isinstance(log, Log)
        for row in log:
            if isinstance(row.command, Prompt):
                first = row.step in ANEW or (row.step in FIRST_ANEW and row.attempt == 1)
                assert row.command.resume != first, f"{row.step}, attempt {row.attempt}"


@pytest.mark.parametrize("name", NAMES)
def test_a_step_that_repeats_itself_has_three_attempts(name: str) -> None:
    """Unless a guard of its own ends it, or a person is asked each time."""
    definition = load(name).definition
    for row in definition.rows:
        guarded = any(
            other.source == row.source and other.trigger == row.trigger and other.guards
            for other in definition.rows
        )
        if row.source == row.dest and not guarded and name != "chat":
            assert definition.steps[row.source].attempts == 3, row.source
