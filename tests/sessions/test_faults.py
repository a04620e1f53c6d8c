"""What is wrong in a session type's own code is an error of the step, in words, and never sticks
a session."""

import pytest

from interlock import Call, Result, Scope, Shell, sessions
from tests.sessions.moves import log, ok, restart, story

FAULTS = {
    "step": "step act raised LookupError: no such thing",
    "none": "step act raised TypeError: it returned None; return Shell, Prompt, Ask, ...",
    "reader": "read, which reads step act, raised LookupError: cannot read",
    "guard": "guard guarded raised LookupError: cannot guard",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("how", ["run", "turns"])
def test_a_fault_is_an_error_that_the_table_takes(scope: Scope, fault: str, how: str) -> None:
    """A step that raises or returns None, a reader, a guard: the rows of `error` take it, and the
    next step can read what it was."""
    session = sessions.create(scope, "faulty", input={"fault": fault})
    if how == "run":
        ended = sessions.run(scope, session.id, ok)
    else:
        while sessions.get(scope, session.id).active:
            row = sessions.next_command(scope, session.id)
            assert not isinstance(row.command, Call)
            sessions.handle_result(scope, session.id, row.id, Result())
            restart()
        ended = sessions.get(scope, session.id)
    assert ended.status == "complete"
    assert story(scope, session) == [("act", "done"), ("rest", "done")]
    act, rest = log(scope, session)
    assert act.result is not None
    assert (act.result.status, act.result.error) == ("error", FAULTS[fault])
    assert rest.command == Shell(("rest", FAULTS[fault]))
    assert sessions.check(scope, session.id) == []


def test_a_fault_that_is_found_in_the_log_is_settled(scope: Scope) -> None:
    """A step that could not make its command is never shown as one that somebody might execute,
    also after a reissue."""
    session = sessions.create(scope, "faulty", input={"fault": "none"})
    row = sessions.next_command(scope, session.id, reissue=True)
    assert row.step == "rest"
    assert sessions.next_command(scope, session.id, reissue=True).step == "rest"
    assert story(scope, session) == [("act", "done"), ("rest", "superseded"), ("rest", "open")]
