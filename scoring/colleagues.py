"""Who else of the company was active, in the scoring statement: one part per question.

Only as many of the most recently active people of each company are kept as the question needs, so a company
with ten thousand leads costs no more than its own activities.
"""

from collections.abc import Iterable, Mapping

from .conditions import Colleagues as Asked
from .facts import compare
from .parameters import Parameters
from .ruleset import DAY


class Colleagues:
    """Collects questions, then writes the ``colleagues…`` parts. A restart of the lead forgets what its
    colleagues did before, too."""

    def __init__(
        self,
        bind: Parameters,
        types: Mapping[str, int],
        as_of: str,
        zone: str,
        *,
        restarts: bool,
        history: bool,
    ) -> None:
        self._bind = bind
        self._types = types
        self._as_of = as_of
        self._zone = zone
        self._restarts = restarts
        self._history = history
        self._asked: dict[tuple[Asked, str | None], int] = {}

    def test(self, asked: Asked, origin: str | None) -> str:
        """Whether so many were active. ``origin`` names the restart that bounds what counts."""
        k = self._asked.setdefault((asked, origin), len(self._asked))
        return f"(coalesce(colleagues{k}.active, 0) >= {self._bind(asked.at_least, 'int')})"

    def moves(self) -> list[str]:
        """Conditions under which time alone may change an answer."""
        return [f"coalesce(colleagues{k}.moves, false)" for k in self._asked.values()]

    def names(self) -> list[str]:
        """The parts to join, by ``n``."""
        return [f"colleagues{k}" for k in self._asked.values()]

    def ctes(self) -> Iterable[str]:
        if self._asked:
            yield f"employed AS MATERIALIZED ({self._employed()})"
        for (asked, origin), k in self._asked.items():
            yield f"active{k} AS MATERIALIZED ({self._active(asked)})"
            since = ""
            join = ""
            if origin is not None and self._restarts:
                join = " LEFT JOIN adjusted j ON j.n = e.n"
                since = f" AND (j.{origin}_from IS NULL OR o.last_at >= j.{origin}_from)"
            yield (
                f"colleagues{k} AS (SELECT e.n,"
                f" count(*) FILTER (WHERE o.last_at IS NOT NULL{since}) AS active,"
                f" bool_or(o.moves) AS moves FROM employed e JOIN active{k} o"
                f" ON o.company_id = e.company_id AND o.as_of = e.as_of AND o.lead_id <> e.lead_id{join}"
                " GROUP BY e.n)"
            )

    def _employed(self) -> str:
        """Everybody asked about who has a company, with the company of then."""
        company = "l.company_id"
        then = ""
        if self._history:
            company = "CASE WHEN h.pgh_id IS NULL THEN l.company_id ELSE h.company_id END"
            then = f" {_superseded('l.id', self._as_of)}"
        return (
            f"SELECT * FROM (SELECT w.n, w.lead_id, {company} AS company_id, {self._as_of} AS as_of"
            f" FROM who w JOIN leads_lead l ON l.id = w.lead_id{then}) e WHERE company_id IS NOT NULL"
        )

    def _active(self, asked: Asked) -> str:
        """Of each company (and moment) the people who were active most recently: one more than the question
        needs, since one of them may be who is asked about."""
        ids = self._bind(sorted(self._types[key] for key in asked.types), "smallint[]")
        window = f"make_interval(secs => {self._bind(float(asked.within_days * DAY), 'float8')})"
        where = "".join(f" AND {compare(test, str, self._bind, self._zone)}" for test in asked.where)
        people = "leads_lead o ON o.company_id = f.company_id"
        if self._history:
            people = (
                "LATERAL (SELECT x.id FROM (SELECT id FROM leads_lead WHERE company_id = f.company_id"
                " UNION SELECT pgh_obj_id FROM leads_leadhistory WHERE company_id = f.company_id) c"
                f" JOIN leads_lead x ON x.id = c.id {_superseded('x.id', 'f.as_of')}"
                " WHERE CASE WHEN h.pgh_id IS NULL THEN x.company_id ELSE h.company_id END = f.company_id)"
                " o ON true"
            )
        counts = "a.occurred_at <= f.as_of"
        return (
            "SELECT * FROM (SELECT f.company_id, f.as_of, o.id AS lead_id,"
            f" max(a.occurred_at) FILTER (WHERE {counts}) AS last_at,"
            # The newest few decide how many there are; any of them may decide when that changes.
            " bool_or(bool_or(NOT a.undated OR a.occurred_at > f.as_of))"
            " OVER (PARTITION BY f.company_id, f.as_of) AS moves,"
            " row_number() OVER (PARTITION BY f.company_id, f.as_of"
            f" ORDER BY max(a.occurred_at) FILTER (WHERE {counts}) DESC NULLS LAST) AS place"
            " FROM (SELECT DISTINCT company_id, as_of FROM employed) f"
            f" JOIN {people} JOIN leads_activity a ON a.lead_id = o.id AND a.type_id = ANY({ids})"
            f" AND a.voided_at IS NULL AND (a.undated OR a.occurred_at > f.as_of - {window}){where}"
            " GROUP BY f.company_id, f.as_of, o.id) o"
            f" WHERE o.place <= {self._bind(asked.at_least + 1, 'int')}"
        )


def _superseded(lead: str, as_of: str) -> str:
    return (
        "LEFT JOIN LATERAL (SELECT h.pgh_id, h.company_id FROM leads_leadhistory h"
        f" WHERE h.pgh_obj_id = {lead} AND h.pgh_created_at > {as_of}"
        " ORDER BY h.pgh_created_at, h.pgh_id LIMIT 1) h ON true"
    )
