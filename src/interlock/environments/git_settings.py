"""What every call of git is told: start no program that a repository brought along."""

from __future__ import annotations

QUIET = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.quotePath=true"),
    *("commit.gpgSign=false", "submodule.recurse=false", "gc.auto=0", "maintenance.auto=false"),
)
OFF = {
    "GIT_TERMINAL_PROMPT": "0",
    # No command here needs another repository; a protocol could name a program.
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
ALLOW = (
    *("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
    *("GIT_AUTHOR_*", "GIT_COMMITTER_*"),
)
