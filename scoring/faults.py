"""Reading what people wrote so that one fault does not hide the next."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ConditionError(ValueError):
    """Something that cannot be read. ``faults`` are all that is wrong: where in it, and what would be
    right."""

    def __init__(self, path: str, message: str, *others: tuple[str, str]) -> None:
        self.faults = [(path, message), *others]
        super().__init__("; ".join(f"{where}: {what}" for where, what in self.faults))


class TooMuch(ConditionError):
    """So large that nobody reads on."""


class Faults:
    """Gathers what is wrong, so that one fault does not hide the next:

        with Faults() as faults:
            key = faults.of(_key, rule)
            points = faults.of(_points, rule)

    Leaving it raises one ConditionError with all of them, in that order; one that is raised within, and so
    ends the reading, comes last."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def __enter__(self) -> "Faults":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, ConditionError) and not isinstance(error, TooMuch):
            self.found += error.faults
        elif error is not None:
            return
        if self.found:
            raise ConditionError(*self.found[0], *self.found[1:]) from None

    def of(self, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``check`` answers; None when it found faults."""
        try:
            return check(*args, **kwargs)
        except TooMuch:
            raise
        except ConditionError as error:
            self.found += error.faults
            return None


def raise_all(found: Iterable[tuple[str, str]]) -> None:
    """One ConditionError with every fault of ``found``; nothing when there is none."""
    with Faults() as faults:
        faults.found += found


def only(node: Mapping[str, Any], allowed: Iterable[str], at: str) -> None:
    """Refuses keys that are not ``allowed``."""
    known = list(allowed)
    said = f"Unknown key; allowed here: {', '.join(known)}."
    raise_all((f"{at}.{key}", said) for key in node if key not in known)


def whole(node: Mapping[str, Any], key: str, at: str, least: int, most: int) -> int:
    """The whole number under ``key``. Refuses anything else, and one out of range."""
    value = node.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConditionError(f"{at}.{key}", f"Give a whole number from {least:,} to {most:,}.")
    return value
