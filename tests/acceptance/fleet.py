"""Session types for the tests of workers; they are trusted as a file."""

import sys

from interlock import COMPLETE, Command, Session, SessionType, Shell, step

ALONE = """
import fcntl, os, sys
place = os.open(sys.argv[1] + ".lock", os.O_CREAT | os.O_RDWR)
log = os.open(sys.argv[2], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
try:
    fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    os.write(log, b"overlap " + sys.argv[1].encode() + b"\\n")
    sys.exit("another runs it too")
os.write(log, b"begin " + sys.argv[1].encode() + b"\\n")
import time
time.sleep(float(sys.argv[3]))
os.write(log, b"end " + sys.argv[1].encode() + b"\\n")
"""
"""A program that holds a lock of its session's while it runs, and tells when it cannot have it."""


class Alone(SessionType):
    """Two commands that must not run twice at once."""

    transitions = (("ok", "first", "second"), ("ok", "second", COMPLETE))

    @step
    def first(self, session: Session) -> Command:
        return self.command(session)

    @step
    def second(self, session: Session) -> Command:
        return self.command(session)

    def command(self, session: Session) -> Command:
        words = (str(session.title), "told", str(session.input.get("seconds", 0.02)))
        return Shell((sys.executable, "-S", "-E", "-c", ALONE, *words))
