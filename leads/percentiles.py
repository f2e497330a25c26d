from typing import Any

from django.db.models import Aggregate, DurationField


class Percentile(Aggregate):
    """Of a stretch of time, interpolated: ``Percentile(0.5, …)`` is the median."""

    function = "percentile_cont"
    template = "percentile_cont(%(at)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, at: float, expression: Any, **extra: Any) -> None:
        super().__init__(expression, at=at, **extra)
