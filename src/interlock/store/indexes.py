"""Indexes that the models cannot tell: over expressions, and over some rows only."""

BUDGET_PLACE = (
    "CREATE UNIQUE INDEX budget_place ON budget "
    "(account_id, ifnull(project_id, ''), ifnull(session_id, ''), ifnull(step, ''))"
)
"""A unique index takes each null for another value."""
WITHOUT_RESULT = (
    "CREATE INDEX interaction_without_result ON interaction (account_id) "
    "WHERE status IN ('superseded', 'unknown', 'cancelled')"
)
EVENT_USAGE = "CREATE INDEX event_usage ON event (session_id, seq) WHERE type = 'usage'"
LANE = "json_array(queue, type, account_id, project_id, priority)"
"""What sessions in queues are told apart by before one is chosen."""
QUEUED = "status = 'active' AND queue IS NOT NULL AND ready_at IS NOT NULL"
SESSION_QUEUED = f"CREATE INDEX session_queued ON session ({LANE}, ready_at) WHERE {QUEUED}"
SESSION_LEASED = (
    "CREATE INDEX session_leased ON session (lease_owner) WHERE lease_owner IS NOT NULL"
)
