"""One source however people write it: "Paid Search", "paid search" and "paid_search" are one, and so are
campaigns whatever their case. Reports group and find by ``folded``, and show what most rows spell."""

from collections import Counter
from typing import Any

from django.db.models import Aggregate, F, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Lower, Replace
from django.db.models.lookups import Exact

#: Fields that are told apart so; others as they are.
SOURCE, CAMPAIGN = "source", "campaign"
_IN_SQL = {SOURCE: "lower(replace({}, ' ', '_'))", CAMPAIGN: "lower({})"}


def folded(column: str | Combinable, of: str) -> Any:
    """The key of a line of sources or campaigns (``of``), from a column: "paid_search"; of another field the
    column itself. Text, "" for none."""
    text: Any = Cast(F(column) if isinstance(column, str) else column, TextField())
    if of == SOURCE:
        text = Lower(Replace(text, Value(" "), Value("_")))
    elif of == CAMPAIGN:
        text = Lower(text)
    return Coalesce(text, Value(""), output_field=TextField())


def folded_sql(expression: str, of: str) -> str:
    """The same in SQL, for our own statements."""
    return _IN_SQL[of].format(expression)


def is_called(column: str, said: str, of: str) -> Any:
    """The condition that ``column`` is ``said``, however either is written."""
    return Exact(folded(column, of), folded(Value(said), of))


class MostOften(Aggregate):
    """The spelling that most of the rows have; of several the first by letter."""

    function = "mode"
    template = "mode() WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = TextField()


def most_often(names: Counter[str]) -> str:
    """The same of what was counted already."""
    return min(names, key=lambda name: (-names[name], name)) if names else ""
