"""What a proposed version changes: what it says otherwise, whom it moves now, and how it would have done. The
figures are those of the version's own page, as they were when they were worked out."""

from datetime import datetime
from typing import Any

from leads.models import ActivityType
from scoring import changes, hindsight, model_file, preview
from scoring.dimensions import SALES_STAGE, Dimension
from scoring.intervals import Share
from scoring.models import ModelVersion
from scoring.stored import activity_types, read


def price(version: ModelVersion, live: ModelVersion | None, *, at: datetime) -> dict[str, Any]:
    """JSON. ``changes``: sentences, each with what was before and is now where it takes more than one.
    ``moves``: who would go over the SQL line and under it as everybody stands, and whom of these sales has.
    Of the leads decided in the last ``days``: ``spared`` rejections, and accepted leads that come ``later``;
    None where nothing is live. A few statements over decided leads, one over all."""
    past = hindsight.on_the_past(version=version, live=live, at=at)
    effect = preview.of_draft(version=version, at=at)
    lines, found = lines_of(version, live), _changes(version, live)
    return {
        "title": _title(version, lines, found),
        "from": live.number if live else None,
        "lines": lines,
        "changes": found,
        "evidence": version.evidence,
        "days": past.days,
        "decided": past.decided,
        "too_few": past.too_few,
        "weekly": {"live": past.live.weekly.said if past.live else None, "draft": past.draft.weekly.said},
        "spared": past.spared,
        "later": past.later,
        "accepted": {
            "live": _share(past.live.precision) if past.live else None,
            "draft": _share(past.draft.precision),
        },
        "reach": {
            "live": _share(past.live.reach) if past.live else None,
            "draft": _share(past.draft.reach),
        },
        "moves": {
            "up": effect.up,
            "down": effect.down,
            "up_with_sales": effect.up_with_sales,
            "down_with_sales": effect.down_with_sales,
            "to_hand_over": effect.to_hand_over,
        },
    }


def _share(of: Share | None) -> dict[str, Any] | None:
    return None if of is None else {"percent": of.percent, "between": of.between}


def _changes(version: ModelVersion, live: ModelVersion | None) -> list[dict[str, str]]:
    """[] where nothing is live: then all of it is new."""
    if live is None:
        return []
    labels = dict(ActivityType.objects.values_list("key", "label"))
    found = changes.between(model_file.save(version=live), model_file.save(version=version), labels=labels)
    return [{"text": each.text, "before": each.before, "after": each.after} for each in found]


def lines_of(version: ModelVersion, live: ModelVersion | None) -> list[dict[str, Any]]:
    """The minimums of the SQL line that are otherwise: dimension, what it was, what it would be."""
    now, then = _minimums(live), _minimums(version)
    return [
        {
            "dimension": name,
            "before": now.get(name),
            "after": then.get(name),
            "most": version.ceilings.get(name) or max(now.get(name) or 0, then.get(name) or 0) * 2 or 1,
        }
        for name in (*Dimension.values, "total")
        if now.get(name) != then.get(name)
    ]


def _minimums(version: ModelVersion | None) -> dict[str, int]:
    if version is None:
        return {}
    lines = read(version, activity_types()).lines
    return next((dict(line.minimums) for line in lines if line.stage == SALES_STAGE), {})


def _title(version: ModelVersion, lines: list[dict[str, Any]], found: list[dict[str, str]]) -> str:
    """ "intent line 22" where that is all, else "version 15"."""
    if len(lines) == len(found) == 1 and lines[0]["after"] is not None:
        return f"{lines[0]['dimension']} line {lines[0]['after']}"
    return f"version {version.number}"
