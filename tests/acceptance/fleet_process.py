"""Makes many sessions of the type `alone` in a queue, in one process; prints their ids.

python -m tests.acceptance.fleet_process WORKDIR ACCOUNT PROJECT NUMBER NAME [KEY=VALUE...]
"""

import os
import sys
from typing import Any

from interlock import accounts, config, database, sessions


def main() -> None:
    """Make them."""
    workdir, account, project, number, name, *pairs = sys.argv[1:]
    database.open_database(config.settings(os.environ).database_url)
    scope = accounts.enter(account, project)
    given: dict[str, Any] = {"queue": "default"}
    for pair in pairs:
        key, _, value = pair.partition("=")
        given[key] = int(value) if key == "priority" else value
    seconds = float(given.pop("seconds", 0.02))
    for count in range(int(number)):
        made = sessions.create(
            scope,
            "alone",
            title=f"{name}-{count}",
            workdir=workdir,
            input={"seconds": seconds},
            **given,
        )
        sys.stdout.write(f"{made.id}\n")


if __name__ == "__main__":
    main()
