"""Take activities out of what counts, and put them back: what a bot did, a test, a mistake. Scores follow by
the triggers of ``marking``; what was derived from an activity follows here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import QuerySet

from .lifecycle import advance_phases
from .models import Activity, Correction, Suspicion
from .retrying import begins_again
from .ticks import tick

if TYPE_CHECKING:
    from accounts.models import User

#: Of ``Activity.void_reason``, in characters.
REASON = 120
#: Begins the event id of what an undone import had made, before its own key. It comes back when the file is
#: imported again, never by itself.
GIVEN_UP = "undone:"


@dataclass(frozen=True, slots=True)
class Suspected:
    """What a rule found: ``void`` says whether the company wants such activities out at once."""

    activity_id: int
    signal: Suspicion.Signal
    detail: str
    void: bool


@begins_again
def suspect(*, found: Sequence[Suspected], at: datetime, stored: bool = False) -> int:
    """Name the signals, and void what is to be voided. What a person has kept as real stays so; what is out
    for another reason, with an undone import or as recorded twice, is not named at all. ``stored`` says that
    the activities were stored a moment ago in this transaction: what of them is out is so by these signals.
    Returns how many signals were new. A constant number of statements; safe to repeat."""
    if not found:
        return 0
    first = {(each.activity_id, each.signal): each for each in found}
    rows = [first[key] for key in sorted(first)]
    with connection.cursor() as cursor:
        cursor.execute(
            _SUSPECT,
            {
                "ids": [row.activity_id for row in rows],
                "signals": [str(row.signal) for row in rows],
                "details": [row.detail[:120] for row in rows],
                "voids": [row.void for row in rows],
                "stored": stored,
                "at": at,
            },
        )
        new = cursor.fetchall()
    by_label: dict[str, list[int]] = {}
    for activity_id, signal, state in new:
        if state == Suspicion.State.VOIDED:
            by_label.setdefault(str(Suspicion.Signal(signal).label), []).append(activity_id)
    for label, ids in sorted(by_label.items()):
        _void(ids, label, at)
    return len(new)


#: What is out by another signal is marked as voided, too.
_SUSPECT = """
INSERT INTO leads_suspicion (activity_id, signal, detail, at, state, before)
SELECT a.id, f.signal, f.detail, %(at)s,
  CASE WHEN EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = a.id AND s.state = 'kept')
         THEN 'kept'
       WHEN f.void OR a.voided_at IS NOT NULL THEN 'voided' ELSE 'marked' END, ''
FROM unnest(%(ids)s::bigint[], %(signals)s::text[], %(details)s::text[], %(voids)s::boolean[])
  AS f (id, signal, detail, void)
JOIN leads_activity a ON a.id = f.id
WHERE a.voided_at IS NULL OR %(stored)s
  OR EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = a.id AND s.state = 'voided')
ORDER BY a.id
ON CONFLICT (activity_id, signal) DO NOTHING
RETURNING activity_id, signal, state
"""


@transaction.atomic
def void(
    *, activity_ids: Collection[int], correction: Correction, at: datetime, because: str = "Taken out by hand"
) -> int:
    """Void these by a person's word, ``because`` where they gave no reason; those that no signal named get
    one that says so. Returns how many counted until now. A constant number of statements; safe to repeat."""
    reason = correction.reason or because
    changed = _void(sorted(activity_ids), reason, at)
    with connection.cursor() as cursor:
        said: dict[str, Any] = {
            "ids": changed,
            "correction": correction.pk,
            "at": at,
            "detail": reason[:120],
        }
        cursor.execute(_SAID_VOIDED, said)
        cursor.execute(_SAID_BY_PERSON, said)
    return len(changed)


_SAID_VOIDED = """
UPDATE leads_suspicion SET before = state, state = 'voided', correction_id = %(correction)s
WHERE activity_id = ANY(%(ids)s::bigint[])
"""
_SAID_BY_PERSON = """
INSERT INTO leads_suspicion (activity_id, signal, detail, at, state, before, correction_id)
SELECT id, 'person', %(detail)s, %(at)s, 'voided', 'kept', %(correction)s
FROM unnest(%(ids)s::bigint[]) AS gone (id)
WHERE NOT EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = gone.id)
ORDER BY id
"""


@transaction.atomic
def restore(*, activity_ids: Collection[int], correction: Correction, at: datetime) -> int:
    """Let these count again by a person's word; no rule voids them from now on. Only what a signal took out:
    an import that was undone stays so, and so does what a merge found recorded twice. Returns how many. Safe
    to repeat."""
    with connection.cursor() as cursor:
        said: dict[str, Any] = {"ids": sorted(activity_ids), "correction": correction.pk}
        cursor.execute(_RESTORE, {**said, "given_up": GIVEN_UP, "by_signal": False})
        restored = [row[0] for row in cursor.fetchall()]
        # What was only marked is kept as real, too.
        cursor.execute(_SAID_REAL, said)
    _restored(restored, at)
    return len(restored)


#: ``by_signal``: the caller knows that a signal had taken them out.
_RESTORE = """
WITH chosen AS MATERIALIZED (
  SELECT a.id FROM leads_activity a
  WHERE a.id = ANY(%(ids)s::bigint[]) AND a.voided_at IS NOT NULL
    AND NOT starts_with(a.event_id, %(given_up)s::text || a.id || ':')
    AND (%(by_signal)s
      OR EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = a.id AND s.state = 'voided'))
  ORDER BY a.id FOR NO KEY UPDATE
)
UPDATE leads_activity a SET voided_at = NULL, void_reason = '' FROM chosen
WHERE a.id = chosen.id RETURNING a.id
"""
_SAID_REAL = """
UPDATE leads_suspicion SET before = state, state = 'kept', correction_id = %(correction)s
WHERE activity_id = ANY(%(ids)s::bigint[]) AND state <> 'kept'
"""


def is_restorable(activity: Activity) -> bool:
    """Whether ``activity`` is out by a signal or by somebody's word, so that ``restore`` brings it back. One
    query at most."""
    if activity.voided_at is None or activity.event_id.startswith(f"{GIVEN_UP}{activity.pk}:"):
        return False
    return activity.suspicions.filter(state=Suspicion.State.VOIDED).exists()


@begins_again
def say(
    *, activity: Activity, verb: Correction.Verb, by: "User", at: datetime, reason: str = ""
) -> Correction | None:
    """One person's word about one activity; None when it was so already. Safe to repeat."""
    correction = Correction.objects.create(
        verb=verb, by=by, at=at, reason=reason[:100], upto=0, looked_at=1, changed=1, finished_at=at
    )
    change = void if verb == Correction.Verb.VOID else restore
    changed = change(activity_ids=[activity.pk], correction=correction, at=at)
    if not changed and not Suspicion.objects.filter(correction=correction).exists():
        correction.delete()
        return None
    return correction


@transaction.atomic
def put_back(*, suspicions: Collection[int], correction: Correction, at: datetime) -> int:
    """Give these suspicions, whose state an earlier word had changed, the state from before it, and their
    activities with them. Returns how many activities changed. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_BACK,
            {"ids": sorted(suspicions), "correction": correction.pk, "of": correction.undoes_id},
        )
        back = cursor.fetchall()
    changed = 0
    by_reason: dict[str, list[int]] = {}
    counts = []
    for activity_id, signal, detail, state, before in back:
        if state == Suspicion.State.VOIDED:
            label = detail if signal == Suspicion.Signal.PERSON else str(Suspicion.Signal(signal).label)
            by_reason.setdefault(label, []).append(activity_id)
        elif before == Suspicion.State.VOIDED:
            counts.append(activity_id)
    out = {activity_id for ids in by_reason.values() for activity_id in ids}
    for reason, ids in sorted(by_reason.items()):
        changed += len(_void(sorted(set(ids)), reason, at))
    with connection.cursor() as cursor:
        ids = sorted(set(counts) - out)
        cursor.execute(_RESTORE, {"ids": ids, "given_up": GIVEN_UP, "by_signal": True})
        restored = [row[0] for row in cursor.fetchall()]
    _restored(restored, at)
    return changed + len(restored)


_PUT_BACK = """
UPDATE leads_suspicion SET state = CASE WHEN before = '' THEN 'kept' ELSE before END, before = state,
  correction_id = %(correction)s
WHERE id = ANY(%(ids)s::bigint[]) AND correction_id = %(of)s
RETURNING activity_id, signal, detail, state, before
"""


def _void(ids: Sequence[int], reason: str, at: datetime) -> list[int]:
    """Take out those of ``ids`` that count, in their order, so that two of these never wait in a circle."""
    with connection.cursor() as cursor:
        cursor.execute(_VOID, {"ids": list(ids), "reason": reason[:REASON], "at": at})
        gone = [row[0] for row in cursor.fetchall()]
        if gone:
            cursor.execute(_STEP_BACK, {"ids": gone, "at": at})
    _follow(gone, at)
    return gone


_VOID = """
WITH chosen AS MATERIALIZED (
  SELECT a.id FROM leads_activity a WHERE a.id = ANY(%(ids)s::bigint[]) AND a.voided_at IS NULL
  ORDER BY a.id FOR NO KEY UPDATE
)
UPDATE leads_activity a SET voided_at = %(at)s, void_reason = %(reason)s FROM chosen
WHERE a.id = chosen.id RETURNING a.id
"""
#: A phase that one of these brought goes back to what the others show. It did when the lead entered the phase
#: between its happening and its arrival; a phase that a marketer set has another moment and stays.
_STEP_BACK = """
WITH brought AS MATERIALIZED (
  SELECT DISTINCT l.id, l.phase_at, CASE l.phase WHEN 'decision' THEN 3 ELSE 2 END AS n
  FROM leads_activity a
  JOIN leads_activitytype t ON t.id = a.type_id
  JOIN leads_lead l ON l.id = a.lead_id
  WHERE a.id = ANY(%(ids)s::bigint[]) AND t.phase = l.phase AND l.phase <> 'awareness'
    AND a.occurred_at <= l.phase_at AND l.phase_at <= greatest(a.received_at, a.occurred_at)
), left_over AS (
  SELECT b.id, least(b.n, coalesce(max(rank.n), 1)) AS n,
    min(a.occurred_at) FILTER (WHERE rank.n = 3) AS decision_at,
    min(a.occurred_at) FILTER (WHERE rank.n = 2) AS consideration_at
  FROM brought b
  LEFT JOIN leads_activity a ON a.lead_id = b.id AND a.voided_at IS NULL AND a.occurred_at <= %(at)s
    AND a.occurred_at > b.phase_at - interval '90 days'
  LEFT JOIN leads_activitytype t ON t.id = a.type_id
  LEFT JOIN (VALUES ('awareness', 1), ('consideration', 2), ('decision', 3)) AS rank (phase, n)
    ON rank.phase = t.phase
  GROUP BY b.id, b.n
), held AS MATERIALIZED (
  SELECT id FROM leads_lead WHERE id IN (SELECT id FROM left_over) ORDER BY id FOR NO KEY UPDATE
)
UPDATE leads_lead l
SET phase = (ARRAY['awareness', 'consideration', 'decision'])[o.n],
  phase_at = greatest(l.created_at, CASE o.n WHEN 3 THEN o.decision_at WHEN 2 THEN o.consideration_at END)
FROM left_over o JOIN held USING (id) WHERE l.id = o.id
"""


def _restored(ids: Sequence[int], at: datetime) -> None:
    _follow(ids, at)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_EARLIER, {"ids": list(ids)})


#: Who reached a phase by what counts again had reached it then; not who was put into it by a marketer.
_EARLIER = """
UPDATE leads_lead l SET phase_at = back.at
FROM (
  SELECT l.id, greatest(l.created_at, min(a.occurred_at)) AS at
  FROM leads_activity a
  JOIN leads_activitytype t ON t.id = a.type_id
  JOIN leads_lead l ON l.id = a.lead_id AND l.phase = t.phase
  WHERE a.id = ANY(%(ids)s::bigint[]) AND l.phase <> 'awareness' AND EXISTS (
    SELECT 1 FROM leads_activity o JOIN leads_activitytype ot ON ot.id = o.type_id
    WHERE o.lead_id = l.id AND o.occurred_at = l.phase_at AND ot.phase = l.phase AND o.voided_at IS NULL
  )
  GROUP BY l.id
) AS back
WHERE l.id = back.id AND back.at < l.phase_at
"""


def note_leads(activities: QuerySet[Activity]) -> None:
    """Whoever built on these ``activities`` looks again at their leads. Call it before they stop counting, in
    the same transaction. Two statements."""
    ids = list(activities.exclude(lead=None).values_list("id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, {"ids": ids})


def _follow(activity_ids: Sequence[int], at: datetime) -> None:
    """What was derived from activities that no longer count, or count again."""
    if not activity_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"ids": list(activity_ids)})
        cursor.execute(_CHANGED, {"ids": list(activity_ids)})
        leads = sorted({row[0] for row in cursor.fetchall()})
    if leads:
        advance_phases(lead_ids=leads, at=at)
        tick("leads_changed")


#: A browser's first touch is the first visit that counts and says what brought it; its lead comes from there,
#: if nobody says otherwise. Where none is left, the lead comes from the site itself.
_TOUCH = """
WITH touched AS MATERIALIZED (
  SELECT v.id, v.lead_id, v.channel, v.campaign, min(a.source) AS site
  FROM leads_activity a JOIN leads_visitor v ON v.id = a.visitor_id
  WHERE a.id = ANY(%(ids)s::bigint[]) AND a.properties ? 'channel'
  GROUP BY v.id
), found AS MATERIALIZED (
  SELECT v.*, coalesce(f.channel, '') AS now_channel, coalesce(f.campaign, '') AS now_campaign
  FROM touched v LEFT JOIN LATERAL (
    SELECT left(a.properties ->> 'channel', 20) AS channel,
      left(coalesce(a.properties ->> 'utm_campaign', ''), 120) AS campaign
    FROM (
      SELECT b.* FROM leads_activity b WHERE b.lead_id = v.lead_id AND b.visitor_id = v.id
      UNION ALL
      SELECT b.* FROM leads_activity b WHERE b.lead_id IS NULL AND b.visitor_id = v.id
    ) a
    WHERE a.voided_at IS NULL AND a.properties ->> 'channel' ~ '^[a-z_]{1,20}$' AND a.source = v.site
    ORDER BY a.occurred_at, a.event_id LIMIT 1
  ) f ON true
), held AS MATERIALIZED (
  SELECT id FROM leads_visitor WHERE id IN (SELECT id FROM found) ORDER BY id FOR NO KEY UPDATE
), held_leads AS MATERIALIZED (
  SELECT id FROM leads_lead WHERE id IN (SELECT lead_id FROM found) ORDER BY id FOR NO KEY UPDATE
), visitors AS (
  UPDATE leads_visitor v SET channel = f.now_channel, campaign = f.now_campaign
  FROM found f JOIN held USING (id)
  WHERE v.id = f.id AND (v.channel, v.campaign) IS DISTINCT FROM (f.now_channel, f.now_campaign)
)
UPDATE leads_lead l SET source = coalesce(nullif(f.now_channel, ''), f.site), campaign = f.now_campaign
FROM found f JOIN held_leads h ON h.id = f.lead_id
WHERE l.id = f.lead_id AND l.campaign = f.campaign AND l.source = coalesce(nullif(f.channel, ''), f.site)
  AND (f.channel, f.campaign) IS DISTINCT FROM (f.now_channel, f.now_campaign)
"""
_CHANGED = """
INSERT INTO leads_evidencechange (lead_id, version)
SELECT lead_id, 1 FROM leads_activity WHERE id = ANY(%(ids)s::bigint[]) AND lead_id IS NOT NULL
GROUP BY lead_id ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET version = leads_evidencechange.version + 1
RETURNING lead_id
"""
