"""The figures of workers, on each kind of database."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks import ground, workers
from benchmarks.bounds import Figure, bound


def threads() -> Figure:
    """Durable steps a second of a worker with four threads, to one with one: median of rounds."""
    found = workers.rates()
    ratio = statistics.median(four / one for one, four in found)
    one, four = (round(statistics.median(rate)) for rate in zip(*found, strict=True))
    return bound(ratio, at_least=0.9, one_per_s=one, four_per_s=four)


def claim() -> Figure:
    """A look and a claim beside 10,000 sessions that wait, to one without them."""
    alone, beside = (_median(found, 0) for found in workers.claims(ground.sqlite()))
    return bound(beside / alone, at_most=2.0, ms=round(beside, 2), alone_ms=round(alone, 2))


def claim_postgres() -> Figure:
    """The same in PostgreSQL; `message_ms` is how long the message took that told of it."""
    from benchmarks import postgres  # its driver would be in the memory of every other figure

    with postgres.server() as url:
        found = workers.claims(postgres.place(url))
    alone, beside = (_median(times, 0) for times in found)
    message_alone, message = (round(_median(times, 1), 2) for times in found)
    return bound(
        beside / alone,
        at_most=2.0,
        ms=round(beside, 2),
        alone_ms=round(alone, 2),
        message_ms=message,
        message_alone_ms=message_alone,
    )


def worker_start() -> Figure:
    """Seconds from the start of `interlock worker` to the end of its first step."""
    times = workers.starts(ground.sqlite())
    return bound(statistics.median(times), at_most=1.0, slowest=round(max(times), 2))


def worker_start_postgres() -> Figure:
    """The same in PostgreSQL."""
    from benchmarks import postgres

    with postgres.server() as url:
        times = workers.starts(postgres.place(url))
    return bound(statistics.median(times), at_most=1.0, slowest=round(max(times), 2))


def takeover() -> Figure:
    """Seconds from the end of the lease of a worker that was killed on another machine until its
    session's command runs here: the slowest."""
    times = workers.takeovers(ground.sqlite())
    return bound(max(times), at_most=2.0, median=round(statistics.median(times), 2))


def takeover_postgres() -> Figure:
    """The same in PostgreSQL."""
    from benchmarks import postgres

    with postgres.server() as url:
        times = workers.takeovers(postgres.place(url))
    return bound(max(times), at_most=2.0, median=round(statistics.median(times), 2))


def fleet() -> Figure:
    """Sessions a second that four worker processes on PostgreSQL begin and end."""
    from benchmarks import postgres

    with postgres.server() as url:
        rates = [postgres.fleet(url, processes=4, number=400) for _ in range(3)]
    return bound(statistics.median(rates), at_least=100.0, best=round(max(rates)))


def _median(found: list[tuple[float, float]], place: int) -> float:
    return statistics.median(times[place] for times in found)


FIGURES: dict[str, Callable[[], Figure]] = {
    "worker_4_to_1": threads,
    "claim_among_10000": claim,
    "claim_among_10000_postgres": claim_postgres,
    "worker_start_s": worker_start,
    "worker_start_postgres_s": worker_start_postgres,
    "takeover_after_lease_s": takeover,
    "takeover_after_lease_postgres_s": takeover_postgres,
    "fleet_sessions_per_s": fleet,
}
