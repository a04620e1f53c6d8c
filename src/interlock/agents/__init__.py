"""Agents: how each is asked and how its answer is read. Nothing here starts a process."""
