"""A secret that was just made, kept for the one page that shows it: sealed, in the session of who made it."""

from django.contrib.sessions.backends.base import SessionBase

from .sealing import Unreadable, seal, unseal


def keep(session: SessionBase, name: str, text: str, *, of: str) -> None:
    """Keep ``text`` under ``name``, in place of what was kept there. ``of`` says what it is the secret of."""
    session[name] = {"of": of, "sealed": seal(text)}


def kept_last(session: SessionBase, name: str) -> str:
    """What the last secret under ``name`` was of, even after it was taken; "" for none."""
    return str((session.get(name) or {}).get("of", ""))


def take(session: SessionBase, name: str, *, of: str | None = None) -> str:
    """The secret under ``name``, the first time it is asked for; "" after that, when it is of something else
    than ``of``, or when the key that sealed it has changed."""
    kept = session.get(name) or {}
    if of not in (None, kept.get("of")) or not (sealed := kept.pop("sealed", "")):
        return ""
    session.modified = True
    try:
        return unseal(sealed)
    except Unreadable:
        return ""
