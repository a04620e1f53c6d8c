"""Indexes that the models cannot tell: over expressions, and over some rows only."""

BUDGET_PLACE = (
    "CREATE UNIQUE INDEX budget_place ON budget "
    "(account_id, coalesce(project_id, ''), coalesce(session_id, ''), coalesce(step, ''))"
)
"""A unique index takes each null for another value."""
WITHOUT_RESULT = (
    "CREATE INDEX interaction_without_result ON interaction (account_id) "
    "WHERE status IN ('superseded', 'unknown', 'cancelled')"
)
EVENT_USAGE = "CREATE INDEX event_usage ON event (session_id, seq) WHERE type = 'usage'"
BETWEEN = "\x1f"
"""What no name has."""
LANE = f" || '{BETWEEN}' || ".join(
    (
        *("queue", "type", "account_id", "coalesce(project_id, '')"),
        "CAST(priority AS TEXT)",
    )
)
"""What sessions in queues are told apart by before one is chosen, as one text."""
QUEUED = "status = 'active' AND queue IS NOT NULL AND ready_at IS NOT NULL"
SESSION_QUEUED = f"CREATE INDEX session_queued ON session (({LANE}), ready_at) WHERE {QUEUED}"
SESSION_LEASED = (
    "CREATE INDEX session_leased ON session (lease_owner) WHERE lease_owner IS NOT NULL"
)
