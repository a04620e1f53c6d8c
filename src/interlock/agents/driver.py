"""What the agent programs share: options read, a conversation gone on with, a run read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from attrs import evolve

from interlock.agents.conversation import Conversation, find_conversation
from interlock.agents.description import Description
from interlock.agents.invocation import Invocation
from interlock.agents.options import Settings, merge, read_options, read_words
from interlock.agents.reading import Asked, Reading
from interlock.engine import Prompt, Result, Session
from interlock.engine.errors import InvalidInput

EVERYWHERE = ("model", "read_only", "system", "env", "program", "idle", "arguments")
IDLE = 1800  # seconds; a tool of a vendor's agent may run that long without a word
LONGEST_ARGUMENT = 30_000  # characters; as many fit into one argument, whatever they are


class Driver:
    """An agent that is a program of its own. A subclass says how it is asked and read."""

    name: ClassVar[str]
    description: ClassVar[Description]
    options: ClassVar[tuple[str, ...]] = EVERYWHERE
    modes: ClassVar[tuple[str, ...]] = ()
    """What permission_mode may be; empty: the program checks it."""
    risky: ClassVar[str] = r"(?!)"
    """A pattern that finds the arguments which a prompt that only reads must not be given."""
    readers: ClassVar[frozenset[str]] = frozenset()
    """Its tools that change nothing."""
    inherit: ClassVar[tuple[str, ...]] = ()
    """Variables that it may have from the engine's environment."""
    reading: ClassVar[type[Reading]]

    def check(self, options: tuple[str, ...]) -> None:
        """Raise InvalidInput unless a session may have these options."""
        self.settle_options(Prompt("anything"), options)

    def invoke(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Invocation:
        """The program, asked. Raises InvalidInput naming the options there are."""
        settings = self.settle_options(prompt, options)
        conversation = self._find_conversation(prompt, session)
        asked = self.ask(settings, prompt.text, conversation)
        program = settings.program or self.description.program
        return evolve(
            asked,
            argv=(program, *asked.argv[1:]),
            structured=True,
            inherit=(*self.inherit, *settings.env),
            idle=(IDLE if settings.idle is None else settings.idle) or None,
        )

    def ask(self, settings: Settings, text: str, conversation: Conversation | None) -> Invocation:
        """The program's arguments, standard input, variables and files for these settings."""
        raise NotImplementedError

    def reader(self, prompt: Prompt, session: Session, options: tuple[str, ...]) -> Reading:
        """What reads the run that `invoke` asks for with the same arguments."""
        conversation = self._find_conversation(prompt, session)
        settings = self.settle_options(prompt, options)
        return self._reading(prompt, settings, session, conversation)

    def read(self, prompt: Prompt, result: Result) -> Result:
        """What a whole run means, of which no more is known than its prompt."""
        reading = self._reading(prompt, self.settle_options(prompt, ()), None, None)
        for line in (result.stdout or "").split("\n"):
            reading.feed(line)
        return reading.finish(result)

    def settle_options(self, prompt: Prompt, options: tuple[str, ...]) -> Settings:
        """The prompt's options over the session's. Raises InvalidInput."""
        session = read_words(self.name, options, self.options)
        settings = merge(self.name, session, read_options(self.name, prompt.options, self.options))
        mode = settings.permission_mode
        if mode is not None and self.modes and mode not in self.modes:
            known = ", ".join(self.modes)
            raise InvalidInput(f"{self.name}: permission_mode is one of {known}, not {mode!r}")
        if settings.read_only:
            self._refuse_risks(settings.arguments)
        return settings

    def _find_conversation(self, prompt: Prompt, session: Session) -> Conversation | None:
        return find_conversation(self.name, prompt, session) if self.description.resume else None

    def _refuse_risks(self, arguments: tuple[str, ...]) -> None:
        for word in arguments:
            if re.search(self.risky, word, re.IGNORECASE):
                raise InvalidInput(
                    f"{self.name}: a prompt that only reads cannot be asked with {word}; "
                    "leave it out, or do not ask for read_only"
                )

    def _reading(
        self,
        prompt: Prompt,
        settings: Settings,
        session: Session | None,
        conversation: Conversation | None,
    ) -> Reading:
        asked = Asked(
            name=self.name,
            description=self.description,
            prompt=prompt,
            settings=settings,
            session=session,
            conversation=conversation,
            readers=self.readers,
        )
        return self.reading(asked)


def with_system(text: str, system: str | None) -> str:
    """A prompt with its instructions before it, for a program that takes none beside it."""
    return f"<instructions>\n{system}\n</instructions>\n\n{text}" if system else text


def flags(pairs: Mapping[str, object]) -> tuple[str, ...]:
    """`--name value` for each pair that has a value."""
    words = [(name, str(value)) for name, value in pairs.items() if value not in (None, "")]
    return tuple(word for pair in words for word in pair)
