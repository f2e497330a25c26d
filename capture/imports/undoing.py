"""Take a whole import back, window by window, the last one first: what it made and nothing else has touched
goes, what it changed goes back where nobody changed it since. What stays is counted with its reason."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, Left

from accounts.clock import database_now
from capture.companies import facts_of as company_facts
from capture.intake import retried
from capture.journal import digest
from capture.models import Import, ImportWindow
from capture.upserting import LINES, facts_of, person_of
from leads import voiding
from leads.models import (
    Activity,
    Company,
    CompanyExternalId,
    ConsentEvent,
    Lead,
    LeadExternalId,
    StageChange,
)
from leads.ticks import tick

from . import outcomes
from .trying import Trial
from .trying import rows as rows_of
from .undone import Undone

#: Follows from the lead itself and goes with it.
DERIVED = frozenset(
    {
        "leads.LeadHistory",
        "leads.PassedMilestone",
        "leads.PhaseChange",
        "leads.CompanyHistory",
        "leads.LookAlike",
        "leads.EvidenceChange",
        "scoring.Score",
        "scoring.LineState",
        "scoring.Crossing",
        "handoff.StuckEvidence",
    }
)
#: The longest event id, in characters.
EVENT_ID = 128
#: An undo is foreseen to the row for imports of so many windows; of larger ones the page says what it does.
FORESEEN_WINDOWS = 10


def foresee(one: Import) -> Undone | None:
    """What undoing would do, tried in memory: nothing is locked or written. None for an import too large to
    try while one waits."""
    windows = list(_left(one)[: FORESEEN_WINDOWS + 1])
    if len(windows) > FORESEEN_WINDOWS:
        return None
    total, trial, at = Undone(), Trial(), database_now()
    for window in windows:
        total.add(_take_back(one, window, at, trial).as_json())
    return total


def summed(one: Import) -> Undone:
    """What was taken back so far and what stayed."""
    total = Undone()
    for told in one.windows.filter(undone__isnull=False).values_list("undone", flat=True):
        total.add(told or Undone().as_json())
    return total


def _left(one: Import) -> models.QuerySet[ImportWindow]:
    return one.windows.filter(undone__isnull=True).order_by("-first_row")


def go_on(one: Import, until: float) -> None:
    """Undo the windows that are left, for as long as there is time. Safe to repeat and to kill."""
    from .working import LEASE, Interrupted

    while True:

        def step() -> bool:
            row = Import.objects.select_for_update().get(pk=one.pk)
            if row.lease != one.lease or row.state != Import.State.UNDOING:
                raise Interrupted
            at = database_now()
            window = _left(row).first()
            if window is None:
                row.state = Import.State.UNDONE
            else:
                window.undone = _take_back(row, window, at).as_json()
                window.save(update_fields=["undone"])
            row.leased_until, row.attempts, row.trouble = at + LEASE, 0, ""
            row.save(update_fields=["state", "leased_until", "attempts", "trouble"])
            return window is not None

        if not retried(step) or time.monotonic() > until:
            return


def _take_back(one: Import, window: ImportWindow, at: datetime, trial: Trial | None = None) -> Undone:
    """One window, in the caller's transaction, or in memory as a ``trial``. A constant number of queries.
    Crossings that follow wait."""
    wrote, undone = window.wrote, Undone()
    if trial is None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL handoff.quiet = on")
    _void(one, wrote.get("activities", []), at, undone, trial)
    _forget_consents(one, wrote.get("consents", []), undone, trial)
    _step_back(wrote.get("moves", []), at, undone, trial)
    outcomes.take_back(wrote, undone, trial)
    _put_back_leads(wrote.get("lead_changes", []), at, undone, trial)
    _remove(Lead, wrote.get("leads", []), one, undone, trial)
    if trial is None:
        _forget_links(one, wrote)
    _put_back_companies(wrote.get("company_changes", []), at, undone, trial)
    _remove(Company, wrote.get("companies", []), one, undone, trial)
    if trial is None:
        _forget_company_links(one, wrote)
        tick("leads_changed")
    return undone


def _forget_links(one: Import, wrote: Mapping[str, Any]) -> None:
    LeadExternalId.objects.filter(source=one.source, external_id__in=wrote.get("links", [])).exclude(
        lead__in=[pk for pk, _ in wrote.get("leads", [])]
    ).delete()


def _forget_company_links(one: Import, wrote: Mapping[str, Any]) -> None:
    CompanyExternalId.objects.filter(
        source=one.source, external_id__in=wrote.get("company_links", [])
    ).exclude(company__in=[pk for pk, _ in wrote.get("companies", [])]).delete()


def _void(one: Import, event_ids: Sequence[str], at: datetime, undone: Undone, trial: Trial | None) -> None:
    if event_ids:
        # Those that a signal or a merge has taken out go, too: nobody is to bring them back by itself.
        rows = Activity.objects.filter(source=one.source, event_id__in=event_ids)
        if trial is not None:
            undone.gone["activities"] += rows.count()
            trial.voided.update(event_ids)
            return
        # The file may come again, put right: its event ids are free for it. The row's key keeps ours apart.
        mark = Concat(Value(voiding.GIVEN_UP), Cast("pk", CharField()), Value(":"))
        given_up = Left(Concat(mark, F("event_id")), EVENT_ID)
        voiding.note_leads(rows.counted())
        undone.gone["activities"] += rows.update(
            voided_at=at, void_reason="The import was undone", event_id=given_up
        )


def _forget_consents(
    one: Import, given: Sequence[Sequence[Any]], undone: Undone, trial: Trial | None
) -> None:
    """A consent that came with the file goes with it. A withdrawal stays: a no is never taken back."""
    if given and one.started_at:
        ids = {lead_id for lead_id, _ in given}
        said = ConsentEvent.objects.filter(lead_id__in=ids, source=one.source, at=one.started_at)
        granted = said.filter(granted=True)
        if trial is None:
            undone.gone["consents"] += granted.delete()[0]
        else:
            fresh = set(granted.values_list("pk", flat=True)) - trial.forgotten
            trial.forgotten |= fresh
            undone.gone["consents"] += len(fresh)
        undone.stayed["withdrawals of consent: a no is never taken back"] += said.filter(
            granted=False
        ).count()


def _step_back(moves: Sequence[Sequence[Any]], at: datetime, undone: Undone, trial: Trial | None) -> None:
    """Leads that stand where the import put them, or are back there since a later window of it or another
    import was taken back, go back to where they stood."""
    if not moves:
        return
    first: dict[int, str] = {}
    last: dict[int, tuple[str, datetime]] = {}
    for lead_id, from_stage, to_stage, moved_at in moves:
        first.setdefault(lead_id, from_stage)
        last[lead_id] = (to_stage, datetime.fromisoformat(moved_at))
    steps = []
    leads = rows_of(Lead, last, trial)
    back = _back_again([lead for lead in leads if (lead.stage, lead.stage_at) != last[lead.pk]], last, trial)
    for lead in leads:
        if (lead.stage, lead.stage_at) != last[lead.pk] and lead.pk not in back:
            undone.stayed["stages that somebody changed since"] += 1
            continue
        steps.append(
            StageChange(
                lead=lead,
                from_stage=lead.stage,
                to_stage=first[lead.pk],
                at=at,
                cause=StageChange.Cause.IMPORT,
                reason=StageChange.TAKEN_BACK,
            )
        )
        lead.stage, lead.stage_at, lead.stage_reason = first[lead.pk], at, ""
    undone.gone["stages"] += len(steps)
    if trial is None:
        StageChange.objects.bulk_create(steps)
        Lead.objects.bulk_update([step.lead for step in steps], ["stage", "stage_at", "stage_reason"])
    else:
        trial.stepped_back.update(step.lead_id for step in steps)


def _back_again(
    leads: Sequence[Lead], last: Mapping[int, tuple[str, datetime]], trial: Trial | None
) -> set[int]:
    """Those that a take-back has brought to where the import's ``last`` step had put them, with nothing but
    imports in between: nobody else has changed their stage. One query, none for no leads."""
    here = {lead.pk: lead for lead in leads if lead.stage == last[lead.pk][0]}
    if not here:
        return set()
    back: set[int] = set()
    changes = StageChange.objects.filter(lead__in=here).order_by("lead_id", "id")
    for lead_id, of_lead in groupby(changes, key=attrgetter("lead_id")):
        lead, since = here[lead_id], list(of_lead)
        ours = [
            place
            for place, change in enumerate(since)
            if (change.to_stage, change.at) == last[lead_id] and change.cause == StageChange.Cause.IMPORT
        ]
        if not ours or any(change.cause != StageChange.Cause.IMPORT for change in since[ours[-1] :]):
            continue
        newest = since[-1]
        if (trial is not None and lead_id in trial.stepped_back) or (
            newest.reason == StageChange.TAKEN_BACK
            and (newest.to_stage, newest.at) == (lead.stage, lead.stage_at)
        ):
            back.add(lead_id)
    return back


def _pairs(changes: Sequence[Sequence[Any]]) -> Iterable[tuple[int, dict[str, list[Any]]]]:
    return ((pk, fields) for pk, fields in changes)


def _put_back_leads(
    changes: Sequence[Sequence[Any]], at: datetime, undone: Undone, trial: Trial | None
) -> None:
    fields = dict(_pairs(changes))
    if not fields:
        return
    rows = rows_of(Lead, fields, trial)
    firms = {change["company_id"][0] for change in fields.values() if "company_id" in change}
    known = set(Company.objects.filter(pk__in=firms - {None}).values_list("pk", flat=True)) | {None}
    known -= trial.gone[Company] if trial is not None else set()
    for lead in rows:
        _put_back(lead, fields[lead.pk], facts_of(person_of(lead)), undone, known)
        lead.updated_at = at
    if trial is None:
        names = ["email", *LINES, "attributes", "company_id", "updated_at"]
        Lead.objects.bulk_update(rows, names, batch_size=500)


def _put_back_companies(
    changes: Sequence[Sequence[Any]], at: datetime, undone: Undone, trial: Trial | None
) -> None:
    fields = dict(_pairs(changes))
    if not fields:
        return
    rows = rows_of(Company, fields, trial)
    for company in rows:
        _put_back(company, fields[company.pk], company_facts(company), undone, {None})
        company.updated_at = at
    names = [
        "name",
        "domain",
        "employees",
        "revenue",
        "industry",
        "country",
        "city",
        "attributes",
        "updated_at",
    ]
    if trial is None:
        Company.objects.bulk_update(rows, names, batch_size=500)


def _put_back(
    row: Lead | Company,
    fields: Mapping[str, list[Any]],
    now: Mapping[str, Any],
    undone: Undone,
    firms: set[Any],
) -> None:
    """Each field that still says what the import wrote says again what it said before."""
    for name, (before, after) in fields.items():
        if now.get(name) != after or (name == "company_id" and before not in firms):
            undone.stayed["fields that somebody changed since"] += 1
            continue
        undone.gone["fields"] += 1
        attribute = name.removeprefix("attributes.")
        if attribute != name:
            if before is None:
                row.attributes.pop(attribute, None)
            else:
                row.attributes[attribute] = before
        else:
            setattr(row, name, before)


def _remove(
    model: type[Lead] | type[Company],
    made: Sequence[Sequence[Any]],
    one: Import,
    undone: Undone,
    trial: Trial | None,
) -> None:
    """Those that the import made go, unless somebody changed them or anything else is about them."""
    if not made:
        return
    words = "leads" if model is Lead else "companies"
    said: dict[int, str] = {each[0]: each[1] for each in made}
    found = model._default_manager.select_for_update().filter(pk__in=said).order_by("pk")
    rows: list[Any] = list(found) if trial is None else trial.rows(model, said)
    now: Callable[[Any], dict[str, Any]] = (
        (lambda lead: facts_of(person_of(lead))) if model is Lead else company_facts
    )
    changed = {row.pk for row in rows if digest(now(row)) != said[row.pk] or row.owner_id}
    touched = _touched(model, [row.pk for row in rows], one, trial)
    undone.stayed[f"{words} that somebody changed since"] += len(changed - touched)
    undone.stayed[f"{words} that something happened to since"] += len(touched)
    free = [row.pk for row in rows if row.pk not in changed | touched]
    undone.gone[words] += len(free)
    if trial is None:
        model._default_manager.filter(pk__in=free).delete()
    else:
        trial.gone[model].update(free)


def _touched(model: type[models.Model], ids: list[int], one: Import, trial: Trial | None) -> set[int]:
    """Those that a row points to which neither the import wrote nor the product derives."""
    touched: set[int] = set()
    void = models.Q(voided_at__isnull=False)
    if trial is not None and trial.voided:
        void |= models.Q(event_id__in=trial.voided)
    ours: dict[str, models.Q] = {
        "leads.LeadExternalId": models.Q(source=one.source),
        "leads.CompanyExternalId": models.Q(source=one.source),
        "leads.Activity": void & models.Q(source=one.source),
        "leads.ConsentEvent": models.Q(source=one.source, at=one.started_at),
        "leads.StageChange": models.Q(cause=StageChange.Cause.IMPORT),
    }
    for relation in model._meta.related_objects:
        related = relation.related_model
        if not isinstance(related, type) or related not in set(apps.get_models()):
            continue
        label, name = related._meta.label, relation.field.name
        if label in DERIVED:
            continue
        rows = related._default_manager.filter(**{f"{name}__in": ids})
        rows = rows.exclude(ours[label]) if label in ours else rows
        if trial is not None:
            rows = rows.exclude(pk__in=trial.known(related))
            points_at = {getattr(row, f"{name}_id") for row in trial.held(related)}
            touched |= points_at & set(ids)
        touched |= set(rows.values_list(f"{name}_id", flat=True))
    return touched
