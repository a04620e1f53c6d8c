"""Where a command begins and ends: whatever happens, one line for a person and an exit status."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from interlock.cli.application import application
from interlock.cli.completion import PROGRAM, VARIABLE
from interlock.cli.outlet import say

NO_OUTPUT = 74


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit status of one command; it never raises, and prints no traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers, who ask for them with -W
    _keep_printing()
    try:
        status = _invoke(words)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        _drop_output()
        return 141
    except BaseException as error:
        status = _explain(error)
        if status == NO_OUTPUT:
            _drop_output()  # or Python would try once more, and say so
        return status
    return status


def _invoke(words: list[str]) -> int:
    # Not `application.main`: it takes a pipe that broke for an error of the command.
    asked = os.environ.get(VARIABLE)
    if asked:
        return shell_complete(application, {}, PROGRAM, VARIABLE, asked)
    _check_words(words)
    try:
        with application.make_context(PROGRAM, words) as context:
            status = application.invoke(context)
    except click.exceptions.Exit as end:  # --help and --version
        return end.exit_code
    return status if isinstance(status, int) else 0


def _check_words(words: Sequence[str]) -> None:
    for position, word in enumerate(words, 1):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            raise click.UsageError(f"argument {position} ({word[:40]!r}) is not text in UTF-8")


def _keep_printing() -> None:
    """Have characters that the output's encoding has not written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Whoever read the output has gone: nothing more is written, and nothing said about it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())


def _explain(error: BaseException) -> int:
    from interlock.cli.failures import explain

    message, status = explain(error)
    try:
        if message:
            say(f"interlock: {message}", error=True)
    except OSError:
        return status
    return status
