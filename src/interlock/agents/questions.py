"""What an agent asks its user, as text: each question with the answers that it offers."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.agents.stream import Fields, each_of, fields_of, text_of

MOST = 20  # questions of one call, and answers of one question


def word_question(given: object) -> str:
    """The questions in a tool call's arguments, or the plan that it wants a yes to; empty where
    there is neither."""
    fields = fields_of(given)
    questions = [*each_of(fields.get("questions"))][:MOST]
    texts = ["\n".join(_lines(question)) for question in questions]
    asked = "\n\n".join(text for text in texts if text)
    plan = text_of(fields.get("plan"))
    return asked or (f"May it go on with this plan?\n\n{plan}" if plan.strip() else "")


def _lines(question: Fields) -> Iterator[str]:
    asked = text_of(question.get("question")).strip()
    if not asked:
        return
    yield asked
    for option in [*each_of(question.get("options"))][:MOST]:
        label, told = text_of(option.get("label"), 500), text_of(option.get("description"), 2000)
        if label:
            yield f"- {label}: {told}" if told else f"- {label}"
    if question.get("multiSelect") is True:
        yield "(several may be chosen)"
