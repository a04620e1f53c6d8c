"""A process that runs a session: it tells each command, and what it reads is the result.

python -m tests.sessions.runner_process URL ACCOUNT PROJECT SESSION
"""

import sys

from interlock import Command, Result, accounts, sessions
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


def main() -> None:
    """Run the session and tell how it stands."""
    url, account, project, session = sys.argv[1:]
    connect(url)
    try:
        ended = sessions.run(accounts.enter(account, project), session, execute)
        tell(f"{ended.status} {ended.step}")
    except InterlockError as error:
        tell(f"{error.code}: {error}")


if __name__ == "__main__":
    main()
