"""A prompt gets through to an agent: one interaction and one result, however many runs it takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from interlock import Interaction, Prompt, Result, Scope, Session, Wait, sessions
from interlock.agents.handoff import BEGIN
from interlock.engine.pause import STOPPED
from interlock.engine.values import changed
from interlock.sessions.ladder import BEGUN, climb

Answer = Result | Callable[[Session, Interaction, sessions.Emit], Result]
SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
LATER = (datetime.now(UTC) + timedelta(hours=2)).isoformat()


def spent(tokens: int, cost: float | None = None) -> dict[str, Any]:
    """The usage of one request."""
    counters = {"input_tokens": tokens, "output_tokens": 1}
    entry = {"model": "m", "requests": 1, **counters}
    return {"entries": [entry], **counters, "vendor_cost_usd": cost}


def lost(kind: str = "gone") -> Result:
    """What an agent comes to whose conversation cannot be gone on with."""
    usage = {"entries": [], "input_tokens": 0, "vendor_cost_usd": 0.0}
    return Result("error", error=f"it is {kind}", data={"kind": kind}, usage=usage, duration_ms=5)


def limited(until: str = SOON, **more: Any) -> Result:
    """What an agent comes to that is limited."""
    return Result("rate_limited", error="no more", data={"until": until, **more}, usage=spent(7))


def said(text: str, agent: str = "claude-code", **more: Any) -> Result:
    """What an agent comes to that has done its work, in the conversation c-AGENT."""
    result = Result(output=text, usage=spent(100, 0.5), duration_ms=10, **more)
    return result.remembering(conversations={agent: f"c-{agent}"})


class Agents:
    """Executes: the check fails until all answers are given, and each prompt gets the next one."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Prompt, str | None]] = []
        self.states: list[dict[str, Any]] = []

    def __call__(
        self,
        session: Session,
        interaction: Interaction,
        *,
        emit: sessions.Emit,
        stop: Event,
    ) -> Result:
        """The next answer."""
        command = interaction.command
        if not isinstance(command, Prompt):
            return Result("error", output="1 failed") if self.answers else Result()
        self.asked.append((command, command.agent or session.agent))
        self.states.append(dict(session.state))
        answer = self.answers.pop(0)
        if not isinstance(answer, Result):
            return answer(session, interaction, emit)
        known = {
            **session.state.get("conversations", {}),
            **answer.remember.get("conversations", {}),
        }
        return answer.remembering(conversations=known) if known else answer

    @property
    def texts(self) -> list[str]:
        """What they were asked."""
        return [prompt.text for prompt, _ in self.asked]

    @property
    def names(self) -> list[str | None]:
        """Who was asked."""
        return [agent for _, agent in self.asked]


def begin(scope: Scope, agent: str = "claude-code") -> str:
    """A session of a type that goes on with its conversation from its second prompt on."""
    return sessions.create(scope, "mending", agent=agent).id


def prompts(scope: Scope, id_: str) -> list[Result]:
    """What came of each prompt."""
    rows = sessions.history(scope, id_, step="mend")
    return [row.result for row in rows if isinstance(row.command, Prompt) and row.result]


def resumed(scope: Scope, id_: str) -> list[tuple[str, str]]:
    """How agents were brought to go on."""
    events = sessions.events(scope, id_)
    return [(e.data["how"], e.data["agent"]) for e in events if e.type == "resume"]


def test_a_conversation_that_is_lost_is_handed_over(scope: Scope) -> None:
    """In a new one, told from the log; the row has what both runs used and how long they took."""
    id_ = begin(scope)
    agents = Agents(said("I wrote it."), lost(), said("Mended."))
    assert sessions.drive(scope, id_, agents).status == "complete"
    first, again, fresh = (prompt for prompt, _ in agents.asked)
    assert (first.text, first.resume) == ("Mend it.", False)
    assert (again.text, again.resume) == ("Mend it.", True)
    assert fresh.text.startswith(BEGIN)
    assert fresh.text.endswith("Mend it.")
    assert "I wrote it." in fresh.text
    assert "1 failed" in fresh.text
    assert not fresh.resume
    assert resumed(scope, id_) == [("hand_off", "claude-code")]
    (told,) = [e.data["told"] for e in sessions.events(scope, id_) if e.type == "resume"]
    assert f"{told}Mend it." == fresh.text
    result = prompts(scope, id_)[1]
    assert (result.status, result.output, result.duration_ms) == ("ok", "Mended.", 15)
    assert result.usage is not None
    assert (result.usage["requests"], result.usage["input_tokens"]) == (1, 100)
    assert sessions.check(scope, id_) == []


def test_a_conversation_that_is_in_use_is_forked(scope: Scope) -> None:
    """Where the agent can; what it then does goes on in the copy."""
    id_ = begin(scope)
    agents = Agents(said("One."), lost("in_use"), said("Two."))
    assert sessions.drive(scope, id_, agents).status == "complete"
    forked, _ = agents.asked[2]
    assert (forked.text, forked.resume, forked.options) == ("Mend it.", True, {"fork": True})
    assert resumed(scope, id_) == [("fork", "claude-code")]


@pytest.mark.parametrize(("agent", "tried"), [("claude-code", 4), ("gemini", 3)])
def test_what_cannot_be_forked_is_handed_over(scope: Scope, agent: str, tried: int) -> None:
    """Because the agent cannot, or because that failed as well."""
    id_ = begin(scope, agent)
    lives = [lost("in_use")] * (tried - 2)
    agents = Agents(said("One.", agent), *lives, said("Two.", agent))
    assert sessions.drive(scope, id_, agents).status == "complete"
    assert len(agents.asked) == tried
    assert agents.texts[-1].startswith(BEGIN)
    assert resumed(scope, id_)[-1] == ("hand_off", agent)


@pytest.mark.parametrize(
    "did", [{"data": {"kind": "gone", "tools": {"Edit": 1}}}, {"usage": spent(1)}]
)
def test_what_has_done_something_is_not_asked_again(scope: Scope, did: dict[str, Any]) -> None:
    """Its fault is then another one, whatever it looks like."""
    id_ = begin(scope)
    fault = Result("error", **{"data": {"kind": "gone"}, **did})
    agents = Agents(said("One."), fault)
    assert sessions.drive(scope, id_, agents).status == "failed"
    assert len(agents.asked) == 2


def test_all_that_the_runs_used_is_added_up(scope: Scope) -> None:
    """Entry by entry, and what the vendors say it costs where they say it."""
    id_ = begin(scope, "claude-code || codex")
    agents = Agents(limited(), said("Done.", "codex"))
    sessions.drive(scope, id_, agents)
    (result,) = prompts(scope, id_)
    assert result.usage is not None
    told = [(entry["agent"], entry["input_tokens"]) for entry in result.usage["entries"]]
    assert told == [("claude-code", 7), ("codex", 100)]
    costs = {cost.key["agent"]: cost.total_tokens for cost in sessions.costs(scope, ("agent",))}
    assert costs == {"claude-code": 8, "codex": 101}
    assert (result.usage["input_tokens"], result.usage["vendor_cost_usd"]) == (107, 0.5)


def test_a_limited_agent_gives_way_to_the_next(scope: Scope) -> None:
    """Which is told that another began; until the limit is over the first is not tried."""
    id_ = begin(scope, "claude-code --model opus || codex")
    agents = Agents(limited(tools={"Edit": 1}), said("One.", "codex"), said("Two.", "codex"))
    assert sessions.drive(scope, id_, agents).status == "complete"
    assert agents.names == ["claude-code --model opus", "codex", "codex"]
    assert agents.texts == ["Mend it.", f"{BEGUN}Mend it.", "Mend it."]
    assert [result.data["agent"] for result in prompts(scope, id_)] == ["codex", "codex"]
    state = sessions.get(scope, id_).state
    assert state["limited"] == {"since": 0, "until": {"claude-code --model opus": SOON}}
    assert resumed(scope, id_) == [("switch", "codex")]


def test_when_all_are_limited_the_session_waits_for_the_first(scope: Scope) -> None:
    """However often it is run, none of them is asked before."""
    id_ = begin(scope, "claude-code || codex || gemini")
    agents = Agents(limited(LATER), limited(SOON), limited(LATER), said("Never asked."))
    waiting = sessions.drive(scope, id_, agents)
    assert waiting.open is not None
    assert waiting.open.command == Wait(until=datetime.fromisoformat(SOON), about="rate_limited")
    assert len(agents.asked) == 3
    sessions.drive(scope, id_, agents)
    assert len(agents.asked) == 3
    until = {"claude-code": LATER, "codex": SOON, "gemini": LATER}
    assert waiting.state["limited"] == {"since": 0, "until": until}


def test_agents_that_are_known_to_be_limited_are_not_asked(scope: Scope) -> None:
    """The prompt waits at once; a person who has retried since decided that it is time."""
    id_ = begin(scope, "claude-code || codex")
    sessions.run(scope, id_, lambda command: Result("error"))
    row = Interaction(seq=9, step="mend", attempt=1, command=Prompt("Mend it."))
    known = {"since": 0, "until": {"claude-code": LATER, "codex": SOON}}
    session = changed(sessions.get(scope, id_), state={"limited": known})
    agents = Agents(said("Done."))
    told: list[object] = []

    def ask(session: Session) -> Result:
        return climb(session, row, agents, emit=lambda *data: told.append(data), stop=Event())

    result = ask(session)
    assert (result.status, result.data) == ("rate_limited", {"until": SOON})
    assert result.error == "every agent that is named is limited"
    assert (agents.asked, told) == ([], [])
    assert ask(changed(session, since=8)).output == "Done."


def test_after_its_limit_the_first_is_asked_again(scope: Scope) -> None:
    """A limit that is over is forgotten; it is told what the other did meanwhile."""
    id_ = begin(scope, "claude-code || codex")
    over = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    agents = Agents(said("One."), limited(over), said("Two.", "codex"), said("Three."))
    assert sessions.drive(scope, id_, agents).status == "complete"
    assert agents.names == ["claude-code", "claude-code", "codex", "claude-code"]
    assert agents.texts[3].startswith(BEGIN)
    assert "Two." in agents.texts[3]
    assert "One." not in agents.texts[3]
    assert sessions.get(scope, id_).state["limited"]["until"] == {}


def test_a_state_that_says_nonsense_of_limits_does_no_harm(scope: Scope) -> None:
    """A session type may remember what it likes."""
    id_ = begin(scope, "claude-code || codex")
    row = Interaction(seq=9, step="mend", attempt=1, command=Prompt("Mend it."))
    for odd in ("soon", {"since": 0, "until": {"claude-code": "soon", "codex": 7}}, {"since": 0}):
        session = changed(sessions.get(scope, id_), state={"limited": odd})
        agents = Agents(said("Done."))
        climb(session, row, agents, emit=lambda *data: None, stop=Event())
        assert agents.names == ["claude-code"]


def test_another_agent_is_told_what_was_done(scope: Scope) -> None:
    """All of it the first time, then what others did since it was asked last."""
    id_ = begin(scope)

    def stop(session: Session, row: Interaction, emit: sessions.Emit) -> Result:
        return Result("needs_input", output="Which?")

    first = Agents(said("One."), stop, said("Nobody."))
    sessions.drive(scope, id_, first)
    sessions.reassign(scope, id_, "codex")
    sessions.answer(scope, id_, "reply", "That one.")
    second = Agents(said("Two.", "codex"), stop, said("Nobody."))
    sessions.drive(scope, id_, second)
    assert second.texts[0].startswith(BEGIN)
    for told in ("One.", "Which?", "That one."):
        assert told in second.texts[0]
    sessions.reassign(scope, id_, "claude-code")
    sessions.answer(scope, id_, "reply", "This one.")
    third = Agents(said("Three."))
    assert sessions.drive(scope, id_, third).status == "complete"
    assert third.texts[0].startswith(BEGIN)
    assert "Two." in third.texts[0]
    assert "One." not in third.texts[0]


def test_a_conversation_whose_turn_was_lost_is_gone_on_with(scope: Scope) -> None:
    """Its name is in the events, though nobody saw a result."""
    id_ = begin(scope)

    def die(session: Session, row: Interaction, emit: sessions.Emit) -> Result:
        emit("conversation", {"id": "c-lost"})
        raise KeyboardInterrupt

    agents = Agents(die, said("Done."))
    with pytest.raises(KeyboardInterrupt):
        sessions.drive(scope, id_, agents)
    assert sessions.drive(scope, id_, agents).status == "complete"
    assert agents.states[1]["conversations"] == {"claude-code": "c-lost"}
    assert agents.asked[1][0].resume
    assert resumed(scope, id_) == [("recovered", "claude-code")]


def test_a_conversation_of_another_agent_is_not_taken_up(scope: Scope) -> None:
    """Its name would mean nothing to this one."""
    id_ = begin(scope)

    def die(session: Session, row: Interaction, emit: sessions.Emit) -> Result:
        emit("conversation", {"id": "c-lost"})
        raise KeyboardInterrupt

    agents = Agents(die, said("Done.", "codex"))
    with pytest.raises(KeyboardInterrupt):
        sessions.drive(scope, id_, agents)
    sessions.reassign(scope, id_, "codex")
    assert sessions.drive(scope, id_, agents).status == "complete"
    assert agents.states[1].get("conversations") is None


def test_one_agent_that_is_limited_waits_as_ever(scope: Scope) -> None:
    """And goes on after it in its own conversation."""
    id_ = begin(scope)
    over = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    agents = Agents(limited(over).remembering(conversations={"claude-code": "c"}), said("Done."))
    assert sessions.drive(scope, id_, agents).status == "active"
    assert sessions.drive(scope, id_, agents).status == "complete"
    assert agents.texts == ["Mend it.", f"{STOPPED}Mend it."]
    assert "limited" not in sessions.get(scope, id_).state


def test_an_executor_that_returns_no_result_is_told_of(scope: Scope) -> None:
    """As for every other command."""

    def wrong(session: Session, row: Interaction, emit: sessions.Emit) -> Any:
        return "done"

    id_ = begin(scope)
    sessions.drive(scope, id_, Agents(wrong))
    assert "returned str and no Result" in (prompts(scope, id_)[0].error or "")
