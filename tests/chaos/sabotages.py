"""What is taken out of the source, a guard at a time, and the test that must notice.

A sabotage that does not fit any more names code that has changed: give it the new text, or another
guard that does the same.
"""

from attrs import frozen

from tests.ways import GROUP, WAYS


@frozen
class Sabotage:
    """One edit of a file under src/interlock, and tests of which each must fail with it."""

    name: str
    file: str
    old: str
    new: str
    test: str
    """`file::test` under tests/; the test function, with all of its parameters."""


FLUSHED = """    "synchronous": "{}",
    "foreign_keys": 1,
    "journal_size_limit": 64 * 1024 * 1024,
}}


DURABLE = {{"journal_mode": "wal", "synchronous": {},"""
# Where no control group can be made none is missed.
OF_GROUPS = (
    Sabotage(
        "a control group is not ended with its command",
        "environments/child.py",
        "        if self._group and (left := control_group.end(self._group)):",
        "        if self._group and (left := 0):",
        "environments/test_command_group.py::test_what_lost_its_supervisor_is_ended_with_its_group",
    ),
    Sabotage(
        "a group whose engine is gone is not found",
        "environments/process_tree.py",
        "    found = command_group.find_abandoned(tag)\n",
        "    found: list[str] = []\n",
        "environments/test_command_group.py::test_what_lost_its_engine_and_its_supervisor_is_ended",
    ),
    Sabotage(
        "a reused process id is taken for the engine",
        "environments/command_group.py",
        "int(fields[19]) == started and fields[0] not in ENDED",
        "fields[0] not in ENDED",
        "environments/test_command_group.py::test_a_group_is_known_by_who_made_it",
    ),
)
SABOTAGES = (
    Sabotage(
        "two open commands in one session",
        "store/migrations/0001_initial.py",
        "unique=True, where=SQL(\"status = 'open'\")",
        "where=SQL(\"status = 'open'\")",
        "store/test_records.py::test_the_database_allows_one_open_interaction",
    ),
    Sabotage(
        "a lease is kept up by anybody",
        "store/records.py",
        '"UPDATE session SET lease_until = ? WHERE id = ? AND lease_owner = ?"',
        '"UPDATE session SET lease_until = ? WHERE id = ? AND ? IS NOT NULL"',
        "store/test_records.py::test_a_lease_is_given_kept_up_and_given_back",
    ),
    Sabotage(
        "a lease is given back by anybody",
        "store/records.py",
        '        "WHERE id = ? AND lease_owner = ?",\n        (session_id, owner),',
        '        "WHERE id = ? AND ? IS NOT NULL",\n        (session_id, owner),',
        "store/test_records.py::test_a_lease_is_given_kept_up_and_given_back",
    ),
    Sabotage(
        "a step moves a session that another has moved",
        "store/records.py",
        '"updated_at = ?, last_activity_at = ? WHERE id = ? AND version = ?"',
        '"updated_at = ?, last_activity_at = ? WHERE id = ? AND ? IS NOT NULL"',
        "store/test_records.py::test_of_two_writers_one_is_stale",
    ),
    Sabotage(
        "an end is written over what another has written",
        "store/records.py",
        "for name in MOVING)} WHERE id = ? AND version = ?",
        "for name in MOVING)} WHERE id = ? AND ? IS NOT NULL",
        "store/test_records.py::test_a_stale_save_of_any_kind_is_refused",
    ),
    Sabotage(
        "a claim of a session that has moved",
        "store/records.py",
        '"UPDATE session SET lease_owner = ?, lease_until = ?, version = version + 1 "\n'
        '        "WHERE id = ? AND version = ?"',
        '"UPDATE session SET lease_owner = ?, lease_until = ?, version = version + 1 "\n'
        '        "WHERE id = ? AND ? IS NOT NULL"',
        "store/test_records.py::test_a_claim_of_a_session_that_has_moved_is_refused",
    ),
    Sabotage(
        "a session is claimed while another runs it",
        "sessions/lease.py",
        "    if running(session, now):\n        host",
        "    if False:\n        host",
        "sessions/test_run.py::test_one_session_is_run_by_one_at_a_time",
    ),
    Sabotage(
        "a lease that is over still holds",
        "sessions/lease.py",
        "    if until <= now:\n",
        "    if False:\n",
        "chaos/test_zombies.py::test_no_zombie_writes_anything",
    ),
    Sabotage(
        "what was stopped as its lease ran out is handed in",
        "sessions/runner.py",
        'if result.data.get("stopped") and lease.expired:',
        "if False:",
        "sessions/test_zombies.py::test_a_command_is_ended_before_its_lease_is_over",
    ),
    Sabotage(
        "what a zombie hands in is forgotten",
        "sessions/runner.py",
        'queries.add_event(current, row.seq, "late_result", late, done.now)',
        "late.clear()",
        "sessions/test_zombies.py::test_a_zombie_writes_nothing",
    ),
    Sabotage(
        "a process number that was given again holds a lease",
        "sessions/lease.py",
        "return same and process.status()",
        "return process.status()",
        "sessions/test_zombies.py::test_a_process_number_that_was_given_again_holds_nothing",
    ),
    Sabotage(
        "no margin before the end of a lease",
        "sessions/lease.py",
        "MARGIN_SECONDS = 8.0",
        "MARGIN_SECONDS = 0.0",
        "sessions/test_zombies.py::test_a_margin_is_enough_to_end_any_command",
    ),
    Sabotage(
        "what an earlier holder left open is taken for new",
        "sessions/lease.py",
        "held = _settle_abandoned(done, held) if abandoned else held",
        "held = held",
        "sessions/test_crash.py::test_a_killed_run_goes_on",
    ),
    Sabotage(
        "a session that kills who runs it is tried for ever",
        "engine/decide.py",
        "MOST_LOST = 3",
        "MOST_LOST = 10**9",
        "sessions/test_crash.py::test_a_session_that_ends_its_worker_time_after_time_is_parked",
    ),
    Sabotage(
        "a second result for a row is taken",
        "sessions/turns.py",
        '    if row.status == "done":\n        return ResultConflict',
        '    if row.status == "never":\n        return ResultConflict',
        "sessions/test_contract.py::test_another_result_is_refused_and_kept",
    ),
    Sabotage(
        "a result for a row that was superseded is taken",
        "sessions/turns.py",
        '    if row.status != "open":\n        return InteractionClosed',
        "    if False:\n        return InteractionClosed",
        "sessions/test_contract.py::"
        "test_a_result_for_a_superseded_interaction_is_kept_and_moves_nothing",
    ),
    Sabotage(
        "a transaction that reads first and locks later",
        "store/sqlite.py",
        'execute("BEGIN IMMEDIATE")',
        'execute("BEGIN DEFERRED")',
        "store/test_transactions.py::test_no_update_of_concurrent_threads_is_lost",
    ),
    Sabotage(
        "commits that a power cut may take back",
        "store/sqlite.py",
        FLUSHED.format("full", 2),
        FLUSHED.format("normal", 1),
        "store/test_schema.py::test_every_connection_is_durable_and_checks_keys",
    ),
    Sabotage(
        "commits that a power cut does take back",
        "store/sqlite.py",
        FLUSHED.format("full", 2),
        FLUSHED.format("normal", 1),
        "chaos/test_power_cut.py::test_a_power_cut_takes_back_nothing",
    ),
    Sabotage(
        "a database that does not flush is not told",
        "store/sqlite.py",
        "        if told != [*DURABLE.values()]:",
        "        if False:",
        "store/test_disk.py::test_a_database_that_does_not_flush_is_refused",
    ),
    Sabotage(
        "a SQLite that damages files",
        "store/disk.py",
        "    if not is_sound(sqlite_version()):",
        "    if False:",
        "store/test_disk.py::test_the_sqlite_in_use_is_sound_and_another_is_refused",
    ),
    Sabotage(
        "a session by its id without its account",
        "store/records.py",
        'where, values = "WHERE id = ? AND account_id = ?", [session_id',
        'where, values = "WHERE id = ? AND ? IS NOT NULL", [session_id',
        "sessions/test_scope.py::test_a_stranger_gets_the_answer_for_nothing",
    ),
    Sabotage(
        "a session that is remembered without its account",
        "store/records.py",
        '"WHERE id = ? AND account_id = ? AND version = ?"',
        '"WHERE id = ? AND ? IS NOT NULL AND version = ?"',
        "sessions/test_scope.py::test_a_stranger_gets_the_answer_for_nothing",
    ),
    Sabotage(
        "a list of sessions without the project",
        "store/queries.py",
        'return "account_id = ? AND project_id = ?", (scope',
        'return "account_id = ? AND ? IS NOT NULL", (scope',
        "sessions/test_scope.py::test_find_leaves_out_what_is_a_strangers",
    ),
    Sabotage(
        "a row that was changed is taken as written",
        "store/chain.py",
        "            if digest != kept:",
        "            if False:",
        "store/test_chain.py::test_whatever_is_changed_is_found",
    ),
    Sabotage(
        "a payload that was damaged is taken as written",
        "store/blobs.py",
        "copies if sha256(copy).hexdigest() == digest)",
        "copies)",
        "store/test_blobs.py::test_a_missing_or_damaged_payload_is_told",
    ),
    Sabotage(
        "a deleted session leaves no tombstone",
        "store/deletion.py",
        '"deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"',
        '"deleted_at) SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE 0"',
        "sessions/test_removal.py::test_nothing_is_left_but_a_tombstone",
    ),
    Sabotage(
        "a command is issued though its budget is used up",
        "sessions/admission.py",
        "why = _refuse(kind, session, decided.open, done.now) if bound else None",
        "why = None",
        "sessions/test_budgets.py::test_the_next_command_is_held_where_the_last_one_used_all",
    ),
    Sabotage(
        "two workers take the last place",
        "sessions/attempts.py",
        "if not self._caps.allow(candidate, count(one.session for one in held)):",
        "if False:",
        "sessions/test_worker.py::test_two_workers_cannot_both_take_the_last_place",
    ),
    Sabotage(
        "what is moved is not compared",
        "store/transfer.py",
        "        if here.digest() != there.digest():",
        "        if False:",
        "store/test_transfer.py::test_a_row_that_is_changed_on_its_way_is_told",
    ),
    Sabotage(
        "leases are moved too",
        "store/transfer.py",
        "    target.change(VOID, ())",
        "    pass",
        "store/test_transfer.py::test_a_holder_of_before_can_write_nothing_there",
    ),
    Sabotage(
        "tables are not kept from their owner",
        "store/walls.py",
        "{table} FORCE ROW",
        "{table} NO FORCE ROW",
        "store/test_walls.py::test_every_table_is_kept_apart_and_is_nobodys_who_logs_in",
    ),
    Sabotage(
        "one table shows the rows of all",
        "store/walls.py",
        '"blob": Rights(delete=OWN)',
        '"blob": Rights(see="true", delete=OWN)',
        "store/test_walls.py::test_an_account_is_shown_its_own_rows_and_no_others",
    ),
    Sabotage(
        "a row of the log that is closed can be written over",
        "store/walls.py",
        "change=f\"{OWN} AND status = 'open'\"",
        "change=OWN",
        "store/test_walls.py::test_a_log_is_only_added_to",
    ),
    Sabotage(
        "a session goes without a tombstone",
        "store/walls.py",
        'GONE = f"{OWN} AND EXISTS (SELECT 1 FROM tombstone t WHERE t.session_id = {{}})"',
        'GONE = f"{OWN} AND {{}} IS NOT NULL"',
        "store/test_walls.py::test_a_log_is_only_added_to",
    ),
    Sabotage(
        "the application may look across accounts",
        "store/walls.py",
        "who = roles.worker if one.by_workers else roles.app",
        "who = roles.app",
        "store/test_walls.py::test_only_workers_look_across_accounts",
    ),
    Sabotage(
        "an account stays with its connection",
        "store/driver.py",
        "set_config('interlock.account', %s, true)",
        "set_config('interlock.account', %s, false)",
        "store/test_walls.py::test_the_account_ends_with_its_transaction",
    ),
    Sabotage(
        "secrets are looked for in each piece of the output alone",
        "secrets/redaction.py",
        "self._redaction._take_out(self._held + data, final)",
        "self._redaction._take_out(self._held + data, True)",
        "environments/test_secrets.py::test_a_secret_cut_in_two_is_found",
    ),
    Sabotage(
        "secrets in a submitted result are kept",
        "secrets/inlet.py",
        "    return clear(redaction_for(account_id), accept(result))",
        "    return accept(result)",
        "sessions/test_secrets.py::test_what_is_submitted_is_kept_without_it",
    ),
    Sabotage(
        "a command gets all variables of the engine",
        "environments/environ.py",
        "        if any(fnmatchcase(name, pattern) for pattern in patterns)\n",
        "",
        "environments/test_environ.py::test_only_what_is_allowed_or_asked_for_passes",
    ),
    Sabotage(
        "only the group of a command is ended",
        "environments/supervisor.py",
        "        for pid, started in find_descendants(os.getpid()):\n"
        "            send_signal(pid, started, number)\n",
        "",
        "environments/test_process_tree.py::test_the_end_of_a_command_ends_what_it_left",
    ),
    *(OF_GROUPS if GROUP in WAYS else ()),
    Sabotage(
        "what an earlier run left is not ended",
        "environments/local.py",
        "        if left := end_strays(session.id):",
        "        if left := 0:",
        "environments/test_local.py::test_what_a_killed_engine_left_running_is_ended_first",
    ),
    Sabotage(
        "a trusted file may change",
        "plugins/registry.py",
        "    if source.sha256 not in pinned:",
        "    if False:",
        "plugins/test_trust.py::test_a_changed_file_is_refused",
    ),
)
SLOW = (
    "a control group is not ended with its command",
    "a session that kills who runs it is tried for ever",
    "commits that a power cut does take back",
    "a session by its id without its account",
    "two workers take the last place",
    "leases are moved too",
    "tables are not kept from their owner",
    "one table shows the rows of all",
    "a row of the log that is closed can be written over",
    "a session goes without a tombstone",
    "the application may look across accounts",
    "an account stays with its connection",
    "a command gets all variables of the engine",
    "only the group of a command is ended",
)
"""Those that take longest: only `make chaos` tries them."""
