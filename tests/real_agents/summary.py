"""What the end of a test run says of the real programs: what was tried, what could not be."""

from collections import Counter, defaultdict

from _pytest.terminal import TerminalReporter

OUTCOMES = ("passed", "failed", "error", "skipped")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """One line for each program that a test asked for."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, str] = {}
    for outcome in OUTCOMES:
        for report in terminalreporter.stats.get(outcome, []):
            agent = dict(getattr(report, "user_properties", ())).get("real agent")
            if agent is None:
                continue
            counts[str(agent)][outcome] += 1
            if outcome == "skipped":
                reasons[str(agent)] = str(report.longrepr[2]).removeprefix("Skipped: ")
    if not counts:
        return
    terminalreporter.section("real agents")
    for agent, outcomes in sorted(counts.items()):
        told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
        not_run = agent in reasons
        terminalreporter.line(
            f"not run: {agent}: {reasons[agent]}" if not_run else f"{agent}: {told}",
            yellow=not_run,
        )
