"""What every channel does."""

from typing import Protocol

from notifications.models import Delivery


class NotSent(Exception):
    """This try failed. ``final``: no other try can succeed."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Unreachable(NotSent):
    """The channel itself is away, for this delivery and every other."""


class Channel(Protocol):
    """One connection for a run of deliveries."""

    def send(self, delivery: Delivery) -> None:
        """Hand ``delivery`` over, or raise NotSent."""

    def close(self) -> None:
        """Hang up. Safe to repeat."""
