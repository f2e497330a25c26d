"""Values on their way into a statement: each is bound, equal ones once, with its type spelled out."""

from typing import Any

from psycopg.adapt import PyFormat, Transformer


class Parameters:
    """``bind(25, "int")`` keeps the value and returns the placeholder to write in its stead."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._names: dict[tuple[str, str], str] = {}

    def __call__(self, value: Any, cast: str) -> str:
        if isinstance(value, tuple):
            value = list(value)
        name = self._names.setdefault((cast, repr(value)), f"p{len(self._names)}")
        self.values[name] = _written(value) if isinstance(value, list) else value
        return f"%({name})s::{cast}"


def _written(values: list[Any]) -> str:
    """The array as the driver writes it: once, and not each time the statement runs."""
    return bytes(Transformer().get_dumper(values, PyFormat.TEXT).dump(values) or b"{}").decode()
