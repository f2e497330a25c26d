"""Mappings that come with the product: one JSON file each in ``capture/presets``."""

import copy
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "presets"


@dataclass(frozen=True, slots=True)
class Preset:
    """What a sender is called, what it sends, how it signs, where its address goes there, and what its posts
    mean."""

    key: str
    name: str
    sends: str
    signing: str
    how: str
    mapping: dict[str, Any]


@cache
def every() -> dict[str, Preset]:
    """By key, in the order of their names."""
    found = [
        Preset(key=file.stem, **json.loads(file.read_text(encoding="utf-8")))
        for file in FOLDER.glob("*.json")
    ]
    return {preset.key: preset for preset in sorted(found, key=lambda preset: preset.name.lower())}


def of(key: str) -> Preset | None:
    """A copy of its own, whose mapping may be changed."""
    return copy.deepcopy(every().get(key))


def segment_api() -> dict[str, Any]:
    """Segment's shape as libraries send it to us directly: there the clock is the sender's, and when it sent
    says how wrong that clock is. What Segment itself passes on, it has put right already."""
    found = of("segment")
    if found is None:
        raise LookupError("There is no preset “segment”.")
    for kind in found.mapping["kinds"]:
        kind["sent_at"] = ["sentAt", "$.sentAt"]
    return found.mapping
