"""What an undo took back, and what stayed and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Undone:
    """How many were taken back of each, and why how many stayed."""

    gone: Counter[str] = field(default_factory=Counter)
    stayed: Counter[str] = field(default_factory=Counter)

    def told_gone(self) -> list[tuple[int, str]]:
        return _told(self.gone)

    def told_stayed(self) -> list[tuple[int, str]]:
        return _told(self.stayed)

    def add(self, told: Mapping[str, Mapping[str, int]]) -> None:
        """What ``as_json`` of another one says, too."""
        self.gone.update(told["gone"])
        self.stayed.update(told["stayed"])

    def as_json(self) -> dict[str, dict[str, int]]:
        return {"gone": dict(self.gone), "stayed": dict(self.stayed)}


_ONE = {"companies": "company", "activities": "activity"}


def _told(counted: Mapping[str, int]) -> list[tuple[int, str]]:
    """Each with its words: 2 leads, 1 lead."""
    told = []
    for words, count in counted.items():
        noun, rest = words.split(" ")[0], words.split(" ")[1:]
        if count == 1:
            noun = _ONE.get(noun, noun.removesuffix("s"))
        if count:
            told.append((count, " ".join([noun, *rest])))
    return told
