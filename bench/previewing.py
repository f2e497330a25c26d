"""P-9, as far as it goes: a draft is computed for everybody as of now, and nothing is stored."""

from django.utils import timezone

from bench.measuring import Line, repeated
from scoring.compiling import Asked
from scoring.models import ModelVersion
from scoring.publishing import draft_from
from scoring.statement import compiled, run


def draft(*, rounds: int) -> list[Line]:
    version = draft_from(version=ModelVersion.objects.live(), by=None)
    statement = compiled(version, asked=Asked.RANGE)
    everybody = statement.binding(low=0, high=2**62, as_of=timezone.now())
    sql = f"WITH {statement.ctes}\nSELECT count(*), sum(total), count(*) FILTER (WHERE sql_over) FROM scored"
    times = repeated(lambda: run(sql, everybody, prepare=False), rounds=rounds)
    return [Line("P-9", "a draft over everybody, nothing stored", "", str(times), "", "≤ 2 s at 100,000")]
