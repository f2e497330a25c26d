"""Wake the live streams of people: "look". Carries nothing and promises nothing; streams look by themselves
every few seconds."""

import logging
from collections.abc import Iterable
from functools import cache, partial

import redis
import redis.asyncio
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)

#: A broker that does not answer must not hold up the request that wrote the row.
PATIENCE_SECONDS = 0.5


def channel(user_id: int) -> str:
    return f"handoff:live:{user_id}"


def look(*, user_ids: Iterable[int]) -> None:
    """On commit, wake the streams of these people: something in their lists or messages changed. Never
    raises."""
    if ids := sorted(set(user_ids)):
        transaction.on_commit(partial(_publish, ids), robust=True)


def _publish(user_ids: list[int]) -> None:
    try:
        pipeline = _client().pipeline(transaction=False)
        for user_id in user_ids:
            pipeline.publish(channel(user_id), "look")
        pipeline.execute()
    except redis.RedisError as error:
        log.warning("live streams not woken: %s", error)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.BROKER_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


class Ear:
    """Listens for one person's wake-up calls, in an async stream. While the broker is away it only waits, and
    tries again on the next call."""

    def __init__(self, user_id: int) -> None:
        self.channel = channel(user_id)
        self._client: redis.asyncio.Redis | None = None
        self._messages: redis.asyncio.client.PubSub | None = None

    async def open(self) -> bool:
        """Start listening. Returns whether the broker took the subscription."""
        if self._messages is not None:
            return True
        client = redis.asyncio.Redis.from_url(
            settings.BROKER_URL, socket_connect_timeout=PATIENCE_SECONDS, health_check_interval=25
        )
        messages = client.pubsub(ignore_subscribe_messages=True)
        try:
            await messages.subscribe(self.channel)
        except (redis.RedisError, OSError):
            await client.aclose()
            return False
        self._client, self._messages = client, messages
        return True

    async def wait(self, seconds: float) -> bool:
        """Whether somebody called within ``seconds``. Raises Deaf at once when the broker is away."""
        if self._messages is None:
            raise Deaf
        try:
            return await self._messages.get_message(timeout=seconds) is not None
        except (redis.RedisError, OSError) as error:
            await self.close()
            raise Deaf from error

    async def close(self) -> None:
        client, self._client, self._messages = self._client, None, None
        if client is not None:
            await client.aclose()


class Deaf(Exception):
    """The broker is away: nobody can be heard."""
