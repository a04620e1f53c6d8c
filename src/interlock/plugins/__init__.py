"""Session types, agents, environments and exporters by name: listed without an import, loaded
when they are used.

Third parties offer them through the entry-point groups of these names; a session type may also be
a file that the user trusts.
"""

from interlock.plugins.builtin import AGENTS, ENVIRONMENTS, EXPORTERS, NOUNS, SESSION_TYPES
from interlock.plugins.contracts import Environment, Exporter
from interlock.plugins.listing import Plugin, available
from interlock.plugins.registry import (
    forget,
    load_agent,
    load_environment,
    load_exporter,
    load_type,
)
from interlock.plugins.scaffold import new_plugin
from interlock.plugins.summary import summary
from interlock.plugins.trust import check_file, trust, untrust

__all__ = [
    "AGENTS",
    "ENVIRONMENTS",
    "EXPORTERS",
    "NOUNS",
    "SESSION_TYPES",
    "Environment",
    "Exporter",
    "Plugin",
    "available",
    "check_file",
    "forget",
    "load_agent",
    "load_environment",
    "load_exporter",
    "load_type",
    "new_plugin",
    "summary",
    "trust",
    "untrust",
]
