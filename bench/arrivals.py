"""P-7 again: the pages of what arrives, with years of it behind them."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Role, User
from bench.measuring import Line
from bench.pages import ask, people
from capture.models import Hook, Import, Source, WebForm
from leads.models import ActivityType, LookAlike, Suspicion

#: One activity in so many is suspected; of those a few came from a source that hardly sends any.
SUSPECTED_ONE_IN = 10
RARE = 40
PAIRS = 200_000
SUBMISSIONS = 200_000
POSTS = 300_000
SOURCES = 20
WINDOWS = 500


def every_page() -> list[Line]:
    """As in ``pages``: each through the whole stack, beside the statements of the same requests."""
    _, manager = people()
    marketer = User.objects.get_or_create(
        email="pages-marketer@bench.example", defaults={"name": "Marketer", "role": Role.MARKETER}
    )[0]
    if not Source.objects.filter(key="rare").exists():
        _fill(marketer)
    form = WebForm.objects.get(source__key="form")
    hook = Hook.objects.get(source__key="hook")
    one = Import.objects.filter(source="bench-pages").order_by("id")[0]
    source = Source.objects.get(key="source-1")
    pairs = list(LookAlike.objects.waiting().select_related("older", "newer").order_by("-id")[:60])

    def pair(number: int) -> str:
        found = pairs[number % len(pairs)]
        return f"/duplicates/{found.older.public_id}/{found.newer.public_id}/"

    asked: list[tuple[str, User, Callable[[int], str]]] = [
        ("suspected evidence", marketer, lambda _: "/evidence/"),
        ("of a manager's team", manager, lambda _: "/evidence/"),
        ("of one signal", marketer, lambda _: "/evidence/?signal=crawler&state=marked"),
        ("of a rare source", marketer, lambda _: "/evidence/?source=rare"),
        ("of a rare source and a signal", marketer, lambda _: "/evidence/?source=rare&signal=burst"),
        ("of a source that sent nothing", marketer, lambda _: "/evidence/?source=source-9"),
        ("of 90 days, one state", marketer, lambda _: "/evidence/?days=90&state=kept"),
        ("since yesterday", marketer, lambda _: "/evidence/?days=1"),
        ("evidence rules", marketer, lambda _: "/evidence/rules/"),
        ("what was corrected", marketer, lambda _: "/evidence/corrections/"),
        ("handed over on voided evidence", marketer, lambda _: "/handoffs/voided-evidence/"),
        ("the same of a manager's team", manager, lambda _: "/handoffs/voided-evidence/?show=all"),
        ("duplicates", marketer, lambda _: "/duplicates/"),
        ("duplicates of a manager's team", manager, lambda _: "/duplicates/"),
        ("dismissed duplicates", marketer, lambda _: "/duplicates/?show=dismissed"),
        ("merged ones", marketer, lambda _: "/duplicates/?show=merged"),
        ("a pair", marketer, pair),
        ("sources", marketer, lambda _: "/sources/"),
        ("a source", marketer, lambda _: f"/sources/{source.public_id}/"),
        ("sites", marketer, lambda _: "/sites/"),
        ("forms", marketer, lambda _: "/forms/"),
        ("a form's submissions", marketer, lambda _: f"/forms/{form.public_id}/submissions/"),
        ("held submissions", marketer, lambda _: "/forms/review/"),
        ("hooks", marketer, lambda _: "/hooks/"),
        ("a hook", marketer, lambda _: f"/hooks/{hook.public_id}/"),
        ("a hook's inbox", marketer, lambda _: f"/hooks/{hook.public_id}/inbox/"),
        ("imports", marketer, lambda _: "/imports/"),
        ("an import", marketer, lambda _: f"/imports/{one.public_id}/"),
        ("undoing an import, foreseen", marketer, lambda _: f"/imports/{one.public_id}/undoing/"),
    ]
    lines = []
    for what, user, address in asked:
        lines.append(ask(user, address).line("P-7", what, "≤ 50 ms, ≤ 5"))
    return lines


def _fill(by: User) -> None:
    """Written by PostgreSQL itself, as ``seed`` does; nothing of it changes a score."""
    now = timezone.now()
    sources = [("rare", Source.Kind.API), ("hook", Source.Kind.HOOK), ("form", Source.Kind.FORM)]
    sources += [(f"source-{number}", Source.Kind.API) for number in range(SOURCES)]
    Source.objects.bulk_create(
        Source(key=key, name=key.capitalize(), kind=kind, created_at=now - timedelta(days=365))
        for key, kind in sources
    )
    sent = ActivityType.objects.get(key="form_submitted")
    form = WebForm.objects.create(source=Source.objects.get(key="form"), type=sent)
    hook = Hook.objects.create(source=Source.objects.get(key="hook"))
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "now": now,
            "by": by.pk,
            "form": form.pk,
            "hook": hook.pk,
            "one_in": SUSPECTED_ONE_IN,
            "rare": RARE,
            "pairs": PAIRS,
            "submissions": SUBMISSIONS,
            "posts": POSTS,
            "signals": [each for each in Suspicion.Signal.values if each != Suspicion.Signal.OWN_ADDRESS],
            "states": list(Suspicion.State.values),
        }
        for statement in _FILL:
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")
    _imports(by)


def _imports(by: User) -> None:
    now = timezone.now()
    done = {"state": Import.State.DONE, "created_by": by, "live": False, "kind": "leads"}
    looked = {"rows": 500_000, "columns": [{"name": f"Column {n}", "heading": "x"} for n in range(40)]}
    made = Import.objects.bulk_create(
        Import(
            file=f"list-{number}.csv",
            source="bench-pages",
            stored=uuid.uuid4().hex,
            looked=looked,
            created_at=now - timedelta(hours=number),
            finished_at=now,
            rows=500_000,
            created=480_000,
            rejected=20_000,
            **done,
        )
        for number in range(300)
    )
    with connection.cursor() as cursor:
        cursor.execute(_WINDOWS, {"of": made[0].pk, "windows": WINDOWS})
        cursor.execute(_REJECTED, {"of": made[0].pk})
        cursor.execute("ANALYZE")


#: Every tenth activity, with each signal in turn; one state is rare, and so is one source.
_SUSPICIONS = """
INSERT INTO leads_suspicion (activity_id, signal, detail, at, state, before)
SELECT id, (%(signals)s::text[])[1 + id / %(one_in)s %% cardinality(%(signals)s::text[])], 'Googlebot',
  received_at, (%(states)s::text[])[CASE WHEN id %% 1000 = 0 THEN 3 ELSE 1 + id / 100 %% 2 END], ''
FROM leads_activity WHERE id %% %(one_in)s = 0 ORDER BY id
"""
_RARE = """
UPDATE leads_activity SET source = 'rare' WHERE id IN (
  SELECT activity_id FROM leads_suspicion WHERE id %% 977 = 0 ORDER BY id LIMIT %(rare)s)
"""
_CORRECTIONS = """
INSERT INTO leads_correction
  (public_id, verb, reason, by_id, at, chosen, ids, upto, reached, looked_at, changed, finished_at)
SELECT gen_random_uuid(), 'void', '', %(by)s, %(now)s, '{"signal": "crawler"}', '{}', 0, 0, 10, 10, %(now)s
FROM generate_series(1, 20000)
"""
_PAIRS = """
INSERT INTO leads_lookalike
  (public_id, older_id, newer_id, reasons, crowded, found_at, dismissed_at, dismissed_by_id)
SELECT gen_random_uuid(), a.id, b.id, '{phone}', false, %(now)s - n * interval '1 minute',
  CASE WHEN n %% 4 = 0 THEN %(now)s - n * interval '1 second' END,
  CASE WHEN n %% 4 = 0 THEN %(by)s END
FROM generate_series(1, %(pairs)s) AS n
JOIN leads_lead a ON a.id = n * 2 JOIN leads_lead b ON b.id = n * 2 + 1
ON CONFLICT DO NOTHING
"""
_MERGES = """
INSERT INTO leads_merge (public_id, kept_id, dropped_key, dropped_id, dropped_name, by_id, at, steps)
SELECT gen_random_uuid(), id, id, gen_random_uuid(), name, %(by)s, %(now)s, '[]'
FROM leads_lead ORDER BY id LIMIT 20000
"""
_SUBMISSIONS = """
INSERT INTO capture_submission
  (public_id, key, page_key, submitted_at, state, signals, email, answers, came, anonymous_id, network,
   with_script, mail_tries, web_form_id, lead_id)
SELECT gen_random_uuid(), n, '', %(now)s - n * interval '1 minute',
  CASE WHEN n %% 40 = 0 THEN 'held' ELSE 'taken' END, '[]', 'p' || n || '@form.example',
  '{"name": "Ada", "message": "Please call me."}', '{}', '', '', true, 0, %(form)s, l.id
FROM generate_series(1, %(submissions)s) AS n JOIN leads_lead l ON l.id = n
"""
_POSTS = """
INSERT INTO capture_inboxitem
  (public_id, key, received_at, content_type, headers, body, state, reason, became, attempts, hook_id)
SELECT gen_random_uuid(), n, %(now)s - n * interval '20 seconds', 'application/json', '{}',
  '{"event": "opened", "email": "ada@firm.example"}',
  (ARRAY['mapped', 'mapped', 'mapped', 'waiting'])[1 + n %% 4], '', '[]', 0, %(hook)s
FROM generate_series(1, %(posts)s) AS n
"""
_HOURS = """
INSERT INTO capture_sourcehour (source_id, at, last_at, accepted, duplicates, held, refused, lag)
SELECT s.id, date_trunc('hour', %(now)s::timestamptz, 'UTC') - n * interval '1 hour', %(now)s::timestamptz
  - n * interval '1 hour', 100, 1, 0, 2, interval '3 seconds'
FROM capture_source s CROSS JOIN generate_series(1, 24 * 365) AS n ON CONFLICT DO NOTHING
"""
_ARRIVALS = """
INSERT INTO capture_arrival (source_id, at, accepted, duplicates, held, refused, lag)
SELECT s.id, %(now)s::timestamptz - n * interval '50 milliseconds', 1, 0, 0, 0, interval '1 second'
FROM capture_source s CROSS JOIN generate_series(1, 1200) AS n
"""
_REFUSED = """
INSERT INTO capture_refuseditem (source_id, at, field, reason, sent)
SELECT s.id, %(now)s::timestamptz - n * interval '1 minute', 'email', 'Is not an e-mail address.', '{}'
FROM capture_source s CROSS JOIN generate_series(1, 200) AS n
"""
_CHECKS = """
INSERT INTO handoff_evidencecheck
  (handoff_id, at, activities, voided, share, total_then, total_without, stands, taken_back)
SELECT id, %(now)s, 10, 5, 50, 5000, 2000, id %% 3 = 0, false FROM handoff_handoff
ON CONFLICT DO NOTHING
"""
_FILL = (
    _SUSPICIONS,
    _RARE,
    _CORRECTIONS,
    _PAIRS,
    _MERGES,
    _SUBMISSIONS,
    _POSTS,
    _HOURS,
    _ARRIVALS,
    _REFUSED,
    _CHECKS,
)
_WINDOWS = """
INSERT INTO capture_importwindow (of_id, first_row, wrote)
SELECT %(of)s, 1 + 1000 * n, jsonb_build_object('leads', (
  SELECT jsonb_agg(jsonb_build_array(-m, md5(m::text))) FROM generate_series(1, 1000) AS m))
FROM generate_series(0, %(windows)s - 1) AS n
"""
_REJECTED = """
INSERT INTO capture_rejectedrow (of_id, line, reason, cells, of_check)
SELECT %(of)s, n, 'email: Is not an e-mail address.', '["a", "b", "c"]', false
FROM generate_series(1, 20000) AS n
"""
