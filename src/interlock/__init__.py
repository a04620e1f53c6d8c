"""A state machine decides what happens next in a session; agents only do it."""

__version__ = "0.1.0"
