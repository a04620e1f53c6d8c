"""Ways through every built-in session type that together take every row of every table."""

import json
from typing import Any

from interlock import Result
from tests.session_types.driver import Paths, Walk, follow, load

SPEC = "# Cart\n## Purpose\nHolds goods.\n## Public API\nadd(good)\n## Dependencies\nNone.\n"
CONTEXT = SPEC + "## Components\n- **cart**: holds goods\n- order: sells them\n"
REVIEW = "## Findings\nNone.\n## Verdict\n"


def requirements(**met: bool) -> Result:
    """What a check of a project prints."""
    listed = [{"name": name, "met": value} for name, value in met.items()]
    return Result(stdout=json.dumps({"requirements": listed}))


CODING = {"component": "cart", "path": "cart.py", "test": "pytest -q tests/test_cart.py"}
SPEC_INPUT = {"component": "cart", "path": "docs/cart.md"}
SPEC_WAYS = """
    initialize ok, generate ok, validate valid, finalize ok -> complete

    initialize error, initialize ok, generate error, generate ok, validate blank, revise ok,
        validate partial, revise error, validate valid, finalize error, finalize ok -> complete

    initialize warning, generate warning, validate partial, revise warning, validate error,
        revise ok, validate blank, revise ok, validate blank -> failed

    initialize error, initialize error, initialize error -> failed

    initialize ok, generate error, generate timeout, generate error -> failed

    initialize ok, generate ok, validate valid, finalize error, finalize error,
        finalize error -> failed
"""
SPEC_RESULTS = {
    "valid": Result(output=SPEC),
    "blank": Result(output=" \n"),
    "partial": Result(output="# Cart\n## Purpose\nHolds goods.\n"),
}

PATHS = {
    "mend": Paths(
        {"check": "ruff check ."},
        """
        check ok -> complete

        check warning -> complete

        check error, mend ok, check ok, finalize ok -> complete

        check timeout, mend error, check error, mend warning, check ok, finalize error,
            finalize error, finalize warning -> complete

        check error, mend ok, check error, mend ok, check error, mend ok, check error -> failed

        check error, mend ok, check ok, finalize error, finalize error, finalize error -> failed
        """,
    ),
    "change": Paths(
        {"change": "Let a cart be emptied", "test": "pytest -q"},
        """
        plan ok, approve_plan reject -> cancelled

        plan error, plan ok, approve_plan revise, revise_plan ok, approve_plan revise,
            revise_plan error, approve_plan approve, branch error, branch ok, implement error,
            implement ok, test error, fix ok, test error, fix error, test ok, review good,
            approve_change approve, finalize ok, merge ok -> complete

        plan ok, approve_plan approve, branch ok, implement ok, test ok, review bad, rework ok,
            test ok, review bad, rework error, test ok, approve_change revise, rework ok, test ok,
            approve_change reject -> cancelled

        plan ok, approve_plan approve, branch ok, implement ok, test ok, review error,
            approve_change approve, finalize error, approve_change approve, finalize ok,
            merge error, approve_change approve, finalize ok, merge warning -> complete

        plan ok, approve_plan approve, branch ok, implement ok, test ok, review ok,
            approve_change expired -> failed

        plan ok, approve_plan approve, branch ok, implement ok, test error, fix ok, test error,
            fix ok, test error, fix ok, test error -> failed

        plan error, plan error, plan error -> failed
        """,
        {
            "good": Result(output="Fine.\nVERDICT: APPROVE"),
            "bad": Result(output="Name it better.\n**Verdict: changes**"),
        },
    ),
    "agent_task": Paths(
        {"task": "Sort the list", "evaluate": "pytest -q"},
        """
        work ok, evaluate ok -> complete

        work error, evaluate error, work ok, evaluate warning -> complete

        work ok, evaluate red, work ok, evaluate red, work ok, evaluate red, work ok, evaluate red,
            work ok, evaluate red, consult go_on, work ok, evaluate red, work ok,
            evaluate ok -> complete

        work ok, evaluate red, work ok, evaluate red, work ok, evaluate red, work ok, evaluate red,
            work ok, evaluate red, consult accept -> complete

        work ok, evaluate red, work ok, evaluate red, work ok, evaluate red, work ok, evaluate red,
            work ok, evaluate red, consult stop -> cancelled
        """,
        {"red": Result("error", stdout="1 failed", code=1)},
    ),
    "chat": Paths(
        {},
        """
        listen close -> complete

        listen hello, reply ok, listen say, listen hello, reply error, listen expired, listen hello,
            reply warning, listen close -> complete
        """,
        {"hello": Result("say", output="Hello!")},
    ),
    "component_spec": Paths(SPEC_INPUT, SPEC_WAYS, SPEC_RESULTS),
    "context_spec": Paths(
        {"context": "shop", "path": "docs/shop.md"},
        SPEC_WAYS,
        {**SPEC_RESULTS, "valid": Result(output=CONTEXT), "partial": Result(output=SPEC)},
    ),
    "component_coding": Paths(
        CODING,
        """
        initialize error, initialize ok, generate_implementation error, generate_implementation ok,
            run_tests error, fix_test_failures ok, run_tests error, fix_test_failures error,
            run_tests warning, finalize error, finalize ok -> complete

        initialize ok, generate_implementation ok, run_tests error, fix_test_failures ok,
            run_tests timeout, fix_test_failures ok, run_tests error, fix_test_failures ok,
            run_tests error -> failed
        """,
    ),
    "component_test": Paths(
        {**CODING, "path": "tests/test_cart.py", "check": "ruff check tests"},
        """
        initialize error, initialize ok, generate_tests error, generate_tests ok, check_tests error,
            fix_tests ok, check_tests ok, run_tests error, fix_tests error, check_tests warning,
            run_tests ok, finalize error, finalize ok -> complete

        initialize ok, generate_tests ok, check_tests error, fix_tests ok, check_tests error,
            fix_tests ok, check_tests error, fix_tests ok, check_tests error -> failed

        initialize ok, generate_tests ok, check_tests ok, run_tests error, fix_tests ok,
            check_tests ok, run_tests error, fix_tests ok, check_tests ok, run_tests error,
            fix_tests ok, check_tests ok, run_tests error -> failed
        """,
    ),
    "component_design_review": Paths(
        {"context": "shop", "documents": ["docs/cart.md"], "report": "docs/review.md"},
        """
        initialize error, initialize ok, execute_review ok, validate good, finalize error,
            finalize ok -> complete

        initialize ok, execute_review ok, validate bad, correct ok, execute_review ok, validate bad,
            correct error, execute_review warning, validate good, finalize ok -> complete

        initialize ok, execute_review error, execute_review ok, validate blank, execute_review ok,
            validate undecided -> failed

        initialize ok, execute_review error, execute_review error, execute_review error -> failed

        initialize ok, execute_review ok, validate bad, correct ok, execute_review ok, validate bad,
            correct ok, execute_review ok, validate bad -> failed
        """,
        {
            "good": Result(output=f"{REVIEW}VERDICT: APPROVE"),
            "bad": Result(output=f"{REVIEW}VERDICT: CHANGES"),
            "undecided": Result(output=f"{REVIEW}Hard to say."),
            "blank": Result(output=""),
        },
    ),
    "context_design": Paths(
        {"context": "shop", "components": ["order", "cart"], "path": "docs/{name}.md"},
        """
        initialize error, initialize ok, spawn_component_specs ok, spawn_review ok, finalize error,
            finalize ok -> complete

        initialize ok, spawn_component_specs error -> failed

        initialize ok, spawn_component_specs ok, spawn_review error -> failed
        """,
    ),
    "context_coding": Paths(
        {
            "context": "shop",
            "components": "order, cart",
            "path": "shop/{name}.py",
            "test": "pytest tests/test_{name}.py",
        },
        """
        initialize error, initialize ok, spawn_component_coding ok, finalize error,
            finalize ok -> complete

        initialize ok, spawn_component_coding error -> failed
        """,
    ),
    "context_testing": Paths(
        {
            "context": "shop",
            "components": [{"name": "order", "priority": 2}, "cart"],
            "path": "tests/test_{name}.py",
            "check": "ruff check tests/test_{name}.py",
            "test": "pytest tests/test_{name}.py",
        },
        """
        initialize error, initialize ok, spawn_component_tests ok, finalize error,
            finalize ok -> complete

        initialize ok, spawn_component_tests error -> failed
        """,
    ),
    "integration": Paths(
        {"context": "shop", "path": "tests/integration", "test": "pytest tests/integration"},
        """
        initialize error, initialize ok, generate_tests error, generate_tests ok, run_tests ok,
            finalize error, finalize ok -> complete

        initialize ok, generate_tests ok, run_tests error, fix ok, run_tests error, fix error,
            run_tests error, fix ok, run_tests error, last_fix ok, run_tests error, consult go_on,
            fix ok, run_tests error, consult accept, finalize ok -> complete

        initialize ok, generate_tests ok, run_tests error, fix ok, run_tests error, fix ok,
            run_tests error, fix ok, run_tests error, last_fix error, run_tests error,
            consult stop -> cancelled
        """,
    ),
    "project_setup": Paths(
        {"check": "./check", "commands": {"git": "git init"}, "tries": 1},
        """
        validate ready -> complete

        validate bare, run_setup ok, validate half, handle_failure ok, validate ready,
            finalize error, finalize ok -> complete

        validate bare, run_setup error, handle_failure error, validate half, handle_failure ok,
            validate half -> failed

        validate ok, handle_failure ok, validate error -> failed
        """,
        {
            "ready": requirements(git=True, editor=True),
            "half": requirements(git=True, editor=False),
            "bare": requirements(git=False, editor=False),
        },
    ),
}


SAID = {
    "red": Result("error", error="exit code 1", stdout="E501 line too long", code=1),
    "told": Result(output="Do it in two steps"),
    "wish": Result("revise", output="First the tests"),
    "advice": Result("go_on", output="Look at the clock"),
    "hi": Result(output="Good day"),
}


def walk(name: str, way: str, results: dict[str, Result] | None = None, **given: Any) -> Walk:
    """A walk through a type with some of its input given anew."""
    paths = PATHS[name]
    known = {**paths.results, **SAID, **(results or {})}
    return follow(load(name), {**paths.input, **given}, way, known)
