"""A form with a condition over facts in it: what a routing rule asks, what a rep prefers. Pure; the controls
are those of the scoring rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scoring import building, controls, posting
from scoring.conditions import ConditionError, parse
from scoring.controls import Known
from scoring.kinds import Node, Places, Posted


@dataclass(slots=True)
class ConditionForm:
    """``values`` by control, ``root`` the condition, whose controls' names begin with ``name``."""

    name: str
    values: dict[str, str]
    root: Node
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, condition: Any, values: Mapping[str, str]) -> "ConditionForm":
        return cls(name, dict(values), building.show(condition))

    @classmethod
    def posted(cls, name: str, data: Posted) -> "ConditionForm":
        """As it was sent, whatever it says."""
        form = cls(name, {key: given[-1] for key, given in data.items() if given}, posting.posted(data, name))
        posting.settle(form.root)
        return form

    def get(self, key: str) -> str:
        return self.values.get(key, "").strip()

    def on(self, key: str) -> bool:
        return self.get(key) == "on"

    def act(self, action: str) -> str:
        """Do what a button of the builder says. Returns the control that takes the focus."""
        focus = posting.act({self.name: self.root}, action)
        posting.settle(self.root)
        return focus

    def condition(self) -> Any:
        """The condition as JSON, None for none; what is wrong with it goes to its controls."""
        places: Places = {}
        said = building.said(self.root, name=self.name, path="$", places=places)
        if said is None:
            return None
        try:
            parse(said, facts_only=True)
        except ConditionError as error:
            for path, message in error.faults:
                control = building.place_of(path, places) or f"{self.name}-how"
                self.errors.setdefault(control, message)
        return said

    def whole(self, control: str, label: str, *, least: int = 0, most: int = 32_000) -> int | None:
        """The whole number in ``control``, None when it is empty; one that cannot be is a fault there."""
        text = self.get(control)
        if not text:
            return None
        try:
            number = int(text)
        except ValueError:
            self.errors[control] = f"{label}: write a whole number."
            return None
        if not least <= number <= most:
            self.errors[control] = f"{label}: from {least:,} to {most:,}."
        return number

    def drawn(self, known: Known) -> dict[str, Any]:
        """The condition for ``handoff/_builder.html``."""
        return controls.drawn(self.root, self.name, known, self.errors, facts_only=True)

    @property
    def summary(self) -> list[dict[str, str]]:
        """Every fault with the control it is about."""
        return [{"id": f"id_{control}", "text": text} for control, text in self.errors.items()]
