"""What comes from outside is cleared in each of its parts."""

from typing import Any

import pytest

from interlock.engine import Result
from interlock.engine.errors import InvalidInput
from interlock.secrets import vault
from interlock.secrets.inlet import redaction_for, refuse_secrets, take, take_data, take_text

VALUE = "hunter22-and-more"


@pytest.fixture(autouse=True)
def token() -> None:
    """An account with a secret."""
    vault.put("a", "TOKEN", VALUE)


def test_each_part_of_a_result_is_cleared() -> None:
    """Texts, data, usage and what is to be remembered; a stranger's is not touched."""
    parts: dict[str, Any] = dict.fromkeys(("stdout", "stderr", "output", "error"), f"<{VALUE}>")
    parts |= {
        "data": {VALUE: [VALUE]}, "usage": {"model": VALUE}, "remember": {"k": {"v": VALUE}}
    }  # fmt: skip
    result = Result("ok", **parts, code=1, duration_ms=5)
    assert VALUE not in repr(take("a", result))
    assert take("a", result).output == "<[secret:TOKEN]>"
    assert take("a", result).data == {"[secret:TOKEN]": ["[secret:TOKEN]"]}
    assert (take("a", result).code, take("a", result).duration_ms) == (1, 5)
    assert take("b", result) == result


def test_events_and_texts_are_cleared() -> None:
    """For the account whose secret it is."""
    assert take_data("a", {"text": VALUE, "n": 1}) == {"text": "[secret:TOKEN]", "n": 1}
    assert take_data("b", {"text": VALUE}) == {"text": VALUE}
    assert take_text("a", VALUE) == "[secret:TOKEN]"
    assert take_text("b", VALUE) == VALUE


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("ANTHROPIC_API_KEY", "sk-ant-12345", True),
        ("gh_token", "12345678", True),
        ("DB_PASSWORD", "correct horse", True),
        ("CLIENT_SECRET", "12345678", True),
        ("SHORT_KEY", "1234567", False),
        ("KEY_NAME", "12345678", False),
        ("PATH", "/usr/bin:/bin", False),
    ],
)
def test_variables_that_look_like_credentials_are_hidden(
    name: str, value: str, hidden: bool
) -> None:
    """By the end of their names, from eight characters on."""
    redaction = redaction_for("b", {name: value})
    assert (redaction is not None) == hidden
    if redaction is not None:
        assert redaction.text(f"<{value}>") == f"<[secret:{name}]>"


def test_a_registered_name_comes_first() -> None:
    """A value that is also in a variable of another name."""
    redaction = redaction_for("a", {"OTHER_KEY": VALUE})
    assert redaction is not None
    assert redaction.text(VALUE) == "[secret:TOKEN]"


def test_what_a_session_begins_with_may_not_hold_one() -> None:
    """In any form; the message names it."""
    for value in (VALUE, {"a": [VALUE]}, {VALUE: 1}, f"Bearer {VALUE.encode().hex()}"):
        with pytest.raises(InvalidInput, match="the value of the secret TOKEN is in what"):
            refuse_secrets("a", value)
        refuse_secrets("b", value)
    refuse_secrets("a", "nothing of the kind")
