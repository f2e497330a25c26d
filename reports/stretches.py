"""Which of several stretches of days a moment lies in, in the database."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateTimeField, F, Func, IntegerField, Value

from .periods import Period


class Stretch(Func):
    """The number of the period that a moment lies in, from 1; ``periods`` follow each other without a gap."""

    function = "width_bucket"
    output_field = IntegerField()

    def __init__(self, when: F, periods: Sequence[Period]) -> None:
        starts = [period.start for period in periods]
        super().__init__(when, Value(starts, output_field=ArrayField(DateTimeField())))
