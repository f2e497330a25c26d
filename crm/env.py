"""Read settings from the environment. Odd input stops the start with a sentence that says what to write."""

import os
import zoneinfo
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The value of ``name``, stripped; ``default`` when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def secret(name: str, default: str = "") -> str:
    """Like ``text``, but ``NAME_FILE`` may name a file that holds the value (Docker secrets)."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip() or default
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path}: cannot be read ({error.strerror}).") from error


def flag(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise ImproperlyConfigured(f"{name}={value}: write 1 or 0.")


def whole(name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
    """A whole number between ``least`` and ``most``, both included."""
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value}: write a whole number, as in {default}.") from None
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name}={value}: write a number from {least} to {most}.")
    return number


def number(name: str, default: float, *, least: float = 0.0) -> float:
    value = text(name)
    if not value:
        return default
    try:
        parsed = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value}: write a number, as in {default}.") from None
    if not parsed >= least:
        raise ImproperlyConfigured(f"{name}={value}: write {least} or more.")
    return parsed


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else default


#: In the order in which Python counts them.
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value}: write one of {', '.join(allowed)}.")
    return value


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    if value not in zoneinfo.available_timezones():
        raise ImproperlyConfigured(f"{name}={value}: write the name of a time zone, as in Europe/Berlin.")
    return value


def database(url: str) -> dict[str, object]:
    """Django's connection settings for ``postgresql://user:password@host:port/name?option=value``.

    A socket folder goes in the query, as libpq writes it: ``postgresql://user@/name?host=/run/pg``.
    """
    hint = "write postgresql://USER:PASSWORD@HOST:5432/NAME."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"DATABASE_URL is not an address: {hint}") from None
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL: only PostgreSQL is spoken here; {hint}")
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise ImproperlyConfigured(f"DATABASE_URL names no database: {hint}")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": dict(options),
    }
