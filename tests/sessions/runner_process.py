"""A process that runs a session: it tells each command, and what it reads is the result. With a
number of TOKENS its agent uses so many first.

python -m tests.sessions.runner_process URL ACCOUNT PROJECT SESSION [TOKENS]
"""

import sys
import threading

from interlock import Command, Interaction, Result, Session, accounts, sessions
from interlock.engine.errors import InterlockError
from interlock.store.connection import connect


def tell(line: str) -> None:
    """Say it to the one who started this process."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def execute(command: Command) -> Result:
    """What the one who started this process says."""
    tell(f"execute {' '.join(getattr(command, 'argv', ()))}")
    return Result(output=sys.stdin.readline().strip())


def spend(
    session: Session, interaction: Interaction, *, emit: sessions.Emit, stop: threading.Event
) -> Result:
    """What the one who started this process says, after so many tokens were used."""
    emit("usage", {"model": "gpt-4o", "requests": 1, "input_tokens": int(sys.argv[5])})
    return execute(interaction.command)


def main() -> None:
    """Run the session and tell how it stands."""
    url, account, project, session, *tokens = sys.argv[1:]
    connect(url)
    scope = accounts.enter(account, project)
    try:
        if tokens:
            ended = sessions.drive(scope, session, spend)
        else:
            ended = sessions.run(scope, session, execute)
        tell(f"{ended.status} {ended.step}")
    except InterlockError as error:
        tell(f"{error.code}: {error}")


if __name__ == "__main__":
    main()
