"""How the time to compute everybody grows with the number of rules: no worse than linearly."""

from functools import partial
from typing import Any

from django.utils import timezone

from bench.measuring import Line, repeated
from bench.rules import BEHAVIOUR, FIT, behaviour, fit
from leads.models import ActivityType
from scoring import model_file
from scoring.compiling import Asked
from scoring.statement import compiled, run

SIZES = (10, 30, 100, 300)


def by_rules(*, rounds: int) -> list[Line]:
    """Nothing is stored: what the statement costs, and not the writing, which is the same for all."""
    lines: list[Line] = []
    first = 0.0
    for size in SIZES:
        data = {"model": "growing", "rules": _rules(size), "lines": [{"stage": "sql", "min": {"fit": 5}}]}
        version = model_file.load(data=data)
        statement = compiled(version, asked=Asked.RANGE, adjusted=False)
        asked = statement.binding(low=0, high=2**62, as_of=timezone.now())
        sql = f"WITH {statement.ctes}\nSELECT count(*), sum(total) FROM scored"
        times = repeated(partial(run, sql, asked, prepare=False), rounds=rounds)
        first = first or times.median / size
        version.delete()
        lines.append(
            Line(
                "rules",
                f"everybody computed with {size} rules",
                f"{first * size:.2f} s, if each cost as much as one of {SIZES[0]}",
                str(times),
                f"{times.median / (first * size):.2f}",
                "≤ 1",
            )
        )
    return lines


def _rules(size: int) -> list[dict[str, Any]]:
    """Half fit, half behaviour, each another question; types and windows vary."""
    types = list(ActivityType.objects.order_by("id").values_list("key", flat=True))
    rules = [*FIT[: size // 2], *BEHAVIOUR[: size // 2]]
    for n in range(size - len(rules)):
        key = f"more-{n}"
        if n % 2:
            rules.append(fit(key, "title", ("contains", "starts", "word", "ends")[n % 4], f"word{n}", 1))
        else:
            rules.append(behaviour(key, [types[n // 2 % len(types)]], 1, window_days=20 + n))
    return rules
