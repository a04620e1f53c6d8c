"""A session that ends its worker time after time is parked, and delays nobody."""

from interlock import Result, Scope, sessions
from interlock.engine.commands import Ask, Shell
from tests.sessions.moves import restart
from tests.sessions.workflows import ok
