"""What the session types that work on a branch of their own have in common."""

from __future__ import annotations

from typing import ClassVar

from interlock import Call, Session, step
from interlock.session_types.inputs import BuiltInType, read_text, slug
from interlock.session_types.prompts import commit


class OnBranch(BuiltInType):
    """Makes its branch in `initialize` and commits there in `finalize`; its table says when."""

    subject: ClassVar[str] = "component"
    """The input key that names what is worked on."""

    deed: ClassVar[str]
    """What is done to it: the beginning of the commit message."""

    @step(attempts=3)
    def initialize(self, session: Session) -> Call:
        return Call("branch", {"name": self.branch(session)})

    @step(attempts=3)
    def finalize(self, session: Session) -> Call:
        message = f"{self.deed} {session.input[self.subject]}"
        return commit(read_text(session.input, "message", message), self.branch(session))

    def branch(self, session: Session) -> str:
        default = f"{slug(self.name)}-{slug(session.input[self.subject])}"
        return read_text(session.input, "branch", default)
