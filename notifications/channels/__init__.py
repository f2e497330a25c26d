"""Ways to reach a person outside the product, by the name a Delivery carries."""

from .base import Channel
from .email import EmailChannel

CHANNELS: dict[str, type[Channel]] = {"email": EmailChannel}

__all__ = ["CHANNELS", "Channel"]
