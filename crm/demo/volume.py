"""Many leads with a long, uneven history, written by PostgreSQL itself: what the bench measures on.

The length of a history is log-normal with median 4 and p99 around 90; one lead in 20,000 has thousands.
Recent days are fuller than old ones. Rows are a function of (leads, seed, until) alone, and activities are
written oldest first, as a running system would have written them.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from leads.lifecycle import advance_phases
from leads.models import ActivityType, Company

#: Leads that share one INSERT; bounds what PostgreSQL sorts at a time.
BATCH = 100_000
#: How often each type occurs, in parts of the sum.
TYPES = {
    "page_view": 460,
    "email_opened": 160,
    "email_delivered": 90,
    "email_clicked": 55,
    "product_page_view": 50,
    "pricing_page_view": 40,
    "content_download": 25,
    "case_study_view": 22,
    "webinar_registered": 20,
    "ebook_download": 18,
    "webinar_attended": 14,
    "newsletter_signup": 10,
    "form_submitted": 9,
    "careers_page_view": 7,
    "comparison_guide_download": 6,
    "ad_click": 6,
    "email_replied": 3,
    "demo_request": 2,
    "contact_sales": 2,
    "unsubscribed": 1,
}


class AlreadySeeded(Exception):
    """Data of this seed are in the database."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many rows were written, and how long that took."""

    companies: int
    leads: int
    activities: int
    seconds: float


def write(*, leads: int, seed: int, until: datetime, heaviest: int) -> Seeded:
    """Write ``leads`` leads with all that belongs to them, the newest activity at ``until``. The first lead
    has ``heaviest`` activities, if that is not 0. Marks everybody as changed, quietly. Raises AlreadySeeded.
    One transaction; then the tables are vacuumed, so that the first reading is as quick as later ones."""
    start = time.monotonic()
    if Company.objects.filter(domain=f"c1.s{seed}.example").exists():
        raise AlreadySeeded(f"The data of seed {seed} are here already; take another --seed.")
    values: dict[str, Any] = {
        "seed": seed,
        "leads": leads,
        "companies": max(1, leads // 3),
        "until": until,
        "heaviest": heaviest,
        **_types(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = on")
        cursor.execute(_UNIFORM)
        cursor.execute(_PLAN_COMPANIES, values)
        cursor.execute(_COMPANIES, values)
        companies = cursor.rowcount
        cursor.execute(_PLAN_LEADS, values)
        cursor.execute("ANALYZE seed_company, seed_lead")
        cursor.execute(_LEADS, values)
        activities = 0
        for first in range(1, leads + 1, BATCH):
            cursor.execute(_ACTIVITIES, {**values, "first": first, "last": first + BATCH - 1})
            activities += cursor.rowcount
        cursor.execute("SELECT id FROM seed_lead ORDER BY id")
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE seed_lead, seed_company; DROP FUNCTION pg_temp.seed_u(bigint, bigint)")
        advance_phases(lead_ids=ids, at=until)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) leads_company, leads_lead, leads_activity, leads_changedlead")
    return Seeded(companies, leads, activities, time.monotonic() - start)


def _types() -> dict[str, Any]:
    """The ids of TYPES and the bounds in (0, 1) that divide them, as ``width_bucket`` takes them."""
    ids = dict(ActivityType.objects.filter(key__in=TYPES).values_list("key", "id"))
    known = {key: share for key, share in TYPES.items() if key in ids}
    total, reached, bounds = sum(known.values()), 0, []
    for share in known.values():
        reached += share
        bounds.append(reached / total)
    return {"types": [ids[key] for key in known], "bounds": bounds[:-1]}


#: ``seed_u(n, salt)``: evenly spread in (0, 1), the same for the same arguments on every machine.
#: PostgreSQL's own ``random()`` would depend on the order in which a plan visits rows.
_UNIFORM = """
CREATE FUNCTION pg_temp.seed_u(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ((hashint8extended(n, salt) & 1125899906842623)::float8 + 0.5) / 1125899906842624.0 $$
"""

_PLAN_COMPANIES = """
CREATE TEMPORARY TABLE seed_company AS
SELECT n, nextval(pg_get_serial_sequence('leads_company', 'id')) AS id
FROM generate_series(1, %(companies)s) AS n
"""

_COMPANIES = """
INSERT INTO leads_company (id, public_id, name, domain, employees, revenue, industry, country, city, attributes,
                           created_at, updated_at)
SELECT c.id, md5(concat(%(seed)s, ':company:', c.n))::uuid, concat('Company ', c.n),
       concat('c', c.n, '.s', %(seed)s, '.example'),
       employees, round(employees * (60000 + 90000 * pg_temp.seed_u(c.n, %(seed)s * 100 + 2))::numeric, -3),
       (ARRAY['Lifts and escalators', 'Heating and ventilation', 'Refrigeration', 'Fire safety', 'Doors and gates',
              'Plumbing', 'Software', 'Education', 'Retail', 'Consulting'])[1 + floor(10 * pg_temp.seed_u(c.n, %(seed)s * 100 + 3))::int],
       (ARRAY['DE', 'AT', 'CH', 'SE', 'NO', 'DK', 'FI', 'NL', 'FR', 'PL'])
           [1 + floor(10 * pg_temp.seed_u(c.n, %(seed)s * 100 + 4))::int],
       '', '{}', %(until)s - interval '730 days', %(until)s
FROM seed_company c,
     -- Staff are log-normal too: median 60, one in ten above 400.
     LATERAL (SELECT least(50000, ceil(60 * exp(1.5 * sqrt(-2 * ln(pg_temp.seed_u(c.n, %(seed)s * 100)))
                     * cos(2 * pi() * pg_temp.seed_u(c.n, %(seed)s * 100 + 1)))))::int AS employees) AS size
ORDER BY c.n
"""

_PLAN_LEADS = """
CREATE TEMPORARY TABLE seed_lead AS
SELECT l.n, nextval(pg_get_serial_sequence('leads_lead', 'id')) AS id, c.id AS company_id,
       -- Leads came faster lately; nobody is younger than a day.
       %(until)s - interval '1 day' - interval '729 days'
           * power(pg_temp.seed_u(l.n, %(seed)s * 100 + 11), 1.6) AS created_at,
       CASE WHEN l.n = 1 AND %(heaviest)s > 0 THEN %(heaviest)s
            WHEN l.n %% 20000 = 2 THEN 1000 + floor(3000 * pg_temp.seed_u(l.n, %(seed)s * 100 + 12))::int
            ELSE round(4 * exp(1.34 * sqrt(-2 * ln(pg_temp.seed_u(l.n, %(seed)s * 100 + 13)))
                 * cos(2 * pi() * pg_temp.seed_u(l.n, %(seed)s * 100 + 14))))::int
       END AS activities
FROM generate_series(1, %(leads)s) AS l (n)
JOIN seed_company c ON c.n = 1 + floor(%(companies)s * power(pg_temp.seed_u(l.n, %(seed)s * 100 + 10), 1.4))::int
ORDER BY l.n
"""

_LEADS = """
INSERT INTO leads_lead (id, public_id, email, name, title, phone, company_id, country, city, source, campaign,
                        attributes, stage, stage_at, stage_reason, phase, phase_at, created_at, updated_at)
SELECT l.id, md5(concat(%(seed)s, ':lead:', l.n))::uuid,
       concat('lead', l.n, '@', CASE WHEN l.n %% 8 = 0 THEN 'freemail' ELSE 'work' END, '.s', %(seed)s, '.example'),
       concat((ARRAY['Anna', 'Björn', 'Chloé', 'Dávid', 'Elif', 'Fredrik', 'Gül', 'Håkon', 'Ivana', 'Jürgen'])
                  [1 + floor(10 * pg_temp.seed_u(l.n, %(seed)s * 100 + 20))::int], ' Lead ', l.n),
       (ARRAY['Head of Operations', 'Managing Director', 'VP Service', 'Service Manager', 'Dispatcher', 'CEO',
              'IT Director', 'Planner', 'Working student', 'Intern', 'Purchasing', ''])
           [1 + floor(12 * pg_temp.seed_u(l.n, %(seed)s * 100 + 21))::int],
       CASE WHEN l.n %% 3 = 0 THEN concat('+49 30 555 ', lpad((l.n %% 100000)::text, 5, '0')) ELSE '' END,
       l.company_id, '', '',
       (ARRAY['paid_search', 'organic', 'webinar', 'referral', 'event', 'social'])
           [1 + floor(6 * pg_temp.seed_u(l.n, %(seed)s * 100 + 22))::int],
       '', '{}', 'lead', l.created_at, '', 'awareness', l.created_at, l.created_at, %(until)s
FROM seed_lead l
ORDER BY l.n
"""

_ACTIVITIES = """
INSERT INTO leads_activity (lead_id, type_id, occurred_at, received_at, undated, source, event_id, properties,
                            void_reason)
SELECT lead_id, (%(types)s::smallint[])[1 + width_bucket(what, %(bounds)s::float8[])],
       occurred_at, occurred_at, false, concat('seed-', %(seed)s),
       -- A UUID of version 7: the moment first, so that the unique index grows at its end.
       concat(substr(moment, 1, 8), '-', substr(moment, 9, 4), '-7', substr(rest, 1, 3), '-8', substr(rest, 4, 3),
              '-', substr(rest, 7, 12)),
       -- One in ten says what brought the visit.
       CASE WHEN what * 10 - floor(what * 10) < 0.1 THEN jsonb_build_object('channel', (ARRAY['paid_search',
           'organic', 'webinar', 'referral', 'event', 'social'])[1 + floor(600 * what)::int %% 6]) ELSE '{}' END, ''
FROM (
    SELECT l.id AS lead_id, occurred_at, pg_temp.seed_u(l.n * 1000000::bigint + k, %(seed)s * 100 + 31) AS what,
           lpad(to_hex((extract(epoch FROM occurred_at) * 1000)::bigint), 12, '0') AS moment,
           md5(concat(%(seed)s, ':', l.n, ':', k)) AS rest
    FROM seed_lead l
    CROSS JOIN LATERAL generate_series(1, l.activities) AS k
    CROSS JOIN LATERAL (
        SELECT %(until)s - (%(until)s - l.created_at)
                   * power(pg_temp.seed_u(l.n * 1000000::bigint + k, %(seed)s * 100 + 30), 2) AS occurred_at
    ) AS moment
    WHERE l.n BETWEEN %(first)s AND %(last)s
) AS planned
ORDER BY occurred_at, rest
"""
