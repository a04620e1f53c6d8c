"""Runs a fake agent program, or installs one.

    python -m interlock.testing.fake_agent KIND SCRIPT [ARG ...]
    python -m interlock.testing.fake_agent KIND SCRIPT --install DIRECTORY

KIND is claude-code, codex, gemini, opencode or aider. SCRIPT is a JSON file of turns and faults.
With --install a program is written that plays the script, under the real program's name; its path
is printed. Otherwise one run is played, asked with ARGs and standard input as the real program is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from interlock.engine.errors import InvalidInput
from interlock.testing.fake_agent.agent import PLAYERS, check_script, install
from interlock.testing.fake_agent.script import load_script
from interlock.testing.fake_agent.stage import Stage

WRONG_USAGE = 2


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    if len(arguments) < 2 or arguments[0] in ("-h", "--help"):
        sys.stderr.write(f"{__doc__}")
        return WRONG_USAGE
    if arguments[0] not in PLAYERS:
        sys.stderr.write(f"there is no fake of {arguments[0]!r}; use {', '.join(PLAYERS)}\n")
        return WRONG_USAGE
    kind, script, *rest = arguments
    try:
        path = Path(script).absolute()
        check_script(kind, load_script(path.read_text(encoding="utf-8")))
        if len(rest) == 2 and rest[0] == "--install":
            sys.stdout.write(f"{install(kind, path, Path(rest[1]).absolute())}\n")
            return 0
        return PLAYERS[kind](Stage(path), rest).play()
    except FileNotFoundError as error:
        sys.stderr.write(f"fake {kind}: there is no {error.filename}\n")
        return WRONG_USAGE
    except (InvalidInput, OSError, UnicodeError) as error:
        sys.stderr.write(f"fake {kind}: {error}\n")
        return WRONG_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
