"""Foreign text made fit for a one-line message: what a plugin raised, what a file is called."""

from __future__ import annotations

from interlock.engine.errors import InterlockError

LIMIT = 500  # characters


def say(text: str) -> str:
    """The text as one printable line of at most `LIMIT` characters."""
    words = " ".join(text[: 10 * LIMIT].split())
    line = "".join(letter if letter.isprintable() else "?" for letter in words)
    return line if len(line) <= LIMIT else f"{line[: LIMIT - 3]}..."


def describe(error: BaseException) -> str:
    """One line that says what was raised; an error's text that raises itself is left out."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        text = ""
    if isinstance(error, InterlockError):
        return say(text)
    name = type(error).__name__
    return say(f"{name}: {text}" if text else name)


def explain(error: Exception) -> str:
    """What the operating system said, without the path, which the message has already."""
    return say(getattr(error, "strerror", None) or describe(error))
