"""The command line: parse, say who is asking, call a context, print."""

from interlock.cli.entry import main

__all__ = ["main"]
