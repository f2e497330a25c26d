"""Which rules counted for a handoff, as its evidence froze them."""

from django.db.models import BooleanField, F, Func, Value

#: Where the evidence of a handoff has the parts of the score.
PARTS = "$.explanation.dimensions[*].reasons[*]"


class Counted(Func):
    """Whether a rule counted: with the points asked for, "> 0" for those it gave, "!= 0" for any."""

    function = "jsonb_path_exists"
    output_field = BooleanField()

    def __init__(self, evidence: F, rule: str, *, points: str) -> None:
        named = Func(Value("rule"), Value(rule), function="jsonb_build_object")
        super().__init__(
            evidence, named, arg_joiner=f", '{PARTS} ? (@.rule == $rule && @.points {points})', "
        )
