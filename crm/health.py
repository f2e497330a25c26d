"""What is down, by name. ``/readyz`` asks; workers and beat leave a sign of life in the broker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

#: A worker signs every two seconds and beat every five; later than this, it is called late.
ALIVE_SECONDS = 20
#: A server that is frozen answers nothing at all: then the check itself must not hang.
PATIENCE_SECONDS = 4.0

SIGNATURES = [*(f"worker-{queue}" for queue in settings.QUEUES), "beat"]


def down() -> list[str]:
    """Names of what is down or late: database, migrations, broker, worker-…, beat. [] when all is well."""
    checks: dict[str, Callable[[], list[str]]] = {"database": _database, "broker": late}
    pool = ThreadPoolExecutor(max_workers=len(checks))
    running = {name: pool.submit(check) for name, check in checks.items()}
    wait(running.values(), timeout=PATIENCE_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    found: list[str] = []
    for name, answer in running.items():
        if not answer.done() or answer.exception() is not None:
            found.append(name)
        else:
            found += answer.result()
    return found


def sign(name: str) -> None:
    """Say that ``name`` is alive. The broker forgets it after ``ALIVE_SECONDS``."""
    _client().set(_key(name), 1, ex=ALIVE_SECONDS)


def forget() -> None:
    """Forget every sign of life: what ran before a kill must not vouch for what is to come."""
    with suppress(redis.RedisError):  # the broker is away: ``down`` says so
        _client().delete(*(_key(name) for name in SIGNATURES))


def _database() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return [] if _migrated() else ["migrations"]
    finally:
        connection.close()


def late() -> list[str]:
    """The workers and beat that left no sign of life lately. Raises RedisError when the broker is away."""
    signs = _client().mget([_key(name) for name in SIGNATURES])
    return [name for name, seen in zip(SIGNATURES, signs, strict=True) if seen is None]


_known_migrated = False


def _migrated() -> bool:
    """Whether every migration is applied. Once true it is not asked again: schemas only go forward."""
    global _known_migrated
    if not _known_migrated:
        executor = MigrationExecutor(connection)
        _known_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _known_migrated


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.BROKER_URL, socket_timeout=2, socket_connect_timeout=2)


def _key(name: str) -> str:
    return f"handoff:alive:{name}"
