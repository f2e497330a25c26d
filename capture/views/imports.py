"""Files that are brought in: the list, the steps of one, and what became of it."""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.permissions import may_edit_leads
from accounts.requests import Request, page_for
from capture.import_forms import ReadingForm, UploadForm, read_choices, rows_of
from capture.imports import columns, rejecting, steering, uploading
from capture.imports import undoing as undo
from capture.imports.previewing import ROWS, preview
from capture.imports.reading import FileError
from capture.imports.working import KEPT_OF_CHECK
from capture.mapping import MappingError
from capture.models import Import, RejectedRow, SavedMapping
from leads import paging
from leads.cells import BYTE_ORDER_MARK, as_csv
from leads.models import Lead

PAGE = 50
#: So many rejected rows are shown; the file has all of them.
PROBLEMS = 20
for_marketing = page_for(may_edit_leads, "Files are imported by marketing and administrators.")


@require_GET
@for_marketing
def imports(request: Request) -> HttpResponse:
    """Every import, the newest first. ``?after=`` goes on."""
    found = Import.objects.visible_to(request.user).select_related("created_by")
    found = found.defer("looked", "choices", "mapping")
    page = paging.page(found, order=("-created_at", "-id"), after=request.GET.get("after", ""), size=PAGE)
    context = {"now": timezone.now(), "rows": page.rows, "next": page.next}
    return render(request, "capture/imports.html", context)


@require_http_methods(["GET", "POST"])
@for_marketing
def new(request: Request) -> HttpResponse:
    """Step one: the file. A worker reads it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        made = uploading.keep(
            upload=sent["file"],
            kind=sent["kind"],
            source=sent["source"],
            live=sent["live"],
            by=request.user,
        )
        return redirect("capture:import", made.public_id)
    sources = Import.objects.visible_to(request.user).order_by("source").values_list("source", flat=True)
    context = {"form": form, "sources": sources.distinct()[:100]}
    return render(request, "capture/import_new.html", context, status=422 if form.errors else 200)


@require_GET
@for_marketing
def shown(request: Request, import_id: UUID) -> HttpResponse:
    """One import where it stands: the step that comes next, or how it went."""
    one = _visible(request, import_id)
    if one.may_change:
        url = _step_of(one)
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    name = "_import_progress" if request.GET.get("part") == "progress" else "import"
    return render(request, f"capture/{name}.html", _standing(one))


def _step_of(one: Import) -> str:
    name = "columns" if one.state == Import.State.COLUMNS else "preview"
    return reverse(f"capture:import-{name}", args=[one.public_id])


def _standing(one: Import) -> dict[str, Any]:
    rejected_rows = one.rejected_rows.filter(of_check=one.state == Import.State.CHECKING)
    return {
        "one": one,
        "now": timezone.now(),
        "has_windows": one.windows.exists(),
        "undone": undo.summed(one) if one.state in (Import.State.UNDOING, Import.State.UNDONE) else None,
        "problems": rejected_rows.order_by("line", "id")[:PROBLEMS],
        # Not while rows come in: the page asks again and again, and every answer would be another.
        "reasons": rejecting.reasons(rejected_rows) if one.rejected and not one.is_worked_on else [],
        **_bounded(rejecting.MOST_LOOKED_AT, one.rejected),
    }


def _bounded(most: int, rejected: int) -> dict[str, int]:
    """Of how many rows the reasons are told, where that is not all that were ``rejected``."""
    return {"reasons_of": most, "rejected": rejected} if rejected > most else {}


def _too_late(request: Request, one: Import, late: steering.TooLate) -> HttpResponse:
    """What happened meanwhile, and the way to where the import stands now."""
    notice = {
        "kind": "warn",
        "icon_name": "circle-alert",
        "strong": "Too late.",
        "text": str(late),
        "url": reverse("capture:import", args=[one.public_id]),
        "action": "Open import",
    }
    context = {"one": one, "notice": notice}
    return render(request, "capture/import_conflict.html", context, status=409)


@require_http_methods(["GET", "POST"])
@for_marketing
def matching(request: Request, import_id: UUID) -> HttpResponse:
    """Step two: what each column is."""
    one = _visible(request, import_id)
    if request.method == "POST":
        try:
            steering.insist(one)
            return _match(request, one)
        except steering.TooLate as late:
            return _too_late(request, one, late)
    if not one.may_change:
        return redirect("capture:import", one.public_id)
    one.choices = columns.complete(one, one.choices)
    problems = columns.problems(one, one.choices)
    context = {
        "one": one,
        "rows": rows_of(one, problems if "wrong" in request.GET else []),
        "general": [what for place, what in problems if place is None] if "wrong" in request.GET else [],
        "wrong": [(place, what) for place, what in problems if place is not None]
        if "wrong" in request.GET
        else [],
        "guesses": sum(not choice["sure"] for choice in one.choices),
        "left_out": sum(choice["as"] == "skip" for choice in one.choices),
        "reading": ReadingForm(one=one),
        "saved": _saved(one),
        "types": columns.types() if one.kind == Import.Kind.ACTIVITIES else [],
    }
    return render(request, "capture/import_columns.html", context)


def _match(request: Request, one: Import) -> HttpResponse:
    _take_choices(request, one)
    if "reshape" in request.POST:
        return redirect("capture:import-columns", one.public_id)
    if columns.problems(one, one.choices):
        return redirect(f"{request.path}?wrong=1")
    try:
        steering.match(one=one)
    except MappingError as error:
        messages.error(request, f"These columns cannot be imported so: {error}")
        return redirect("capture:import-columns", one.public_id)
    _keep_mapping(request, one)
    return redirect("capture:import-preview", one.public_id)


def _take_choices(request: Request, one: Import) -> None:
    was = dict(one.looked)
    one.choices = columns.complete(one, read_choices(one, request.POST))
    if "day_first" in request.POST:
        one.looked["day_first"] = request.POST["day_first"] == "yes"
    one.looked["zone"] = timezone.get_current_timezone_name()
    if "row_type" in request.POST:
        known = {key for key, _ in columns.types()}
        one.looked["row_type"] = request.POST["row_type"] if request.POST["row_type"] in known else ""
    steering.take(one=one, was=was)


def _keep_mapping(request: Request, one: Import) -> None:
    if name := request.POST.get("mapping_name", "").strip()[:80]:
        kept = {"headings": uploading.digest(one), "choices": one.choices, "created_by": request.user}
        SavedMapping.objects.update_or_create(
            name__iexact=name, kind=one.kind, defaults={"name": name, "created_at": timezone.now(), **kept}
        )
        messages.success(request, format_html("Kept as <b>{}</b>.", name))


def _saved(one: Import) -> list[SavedMapping]:
    found = SavedMapping.objects.filter(kind=one.kind)
    return list(found.order_by("name")[:100])


@require_POST
@for_marketing
def saved(request: Request, import_id: UUID) -> HttpResponse:
    """Match the columns as somebody saved it, wherever the headings are the same."""
    one = _visible(request, import_id)
    chosen = get_object_or_404(SavedMapping, pk=_number(request.POST.get("saved", "")), kind=one.kind)
    try:
        steering.insist(one)
        one.choices = uploading.chosen_as(one, chosen)
        steering.take(one=one)
    except steering.TooLate as late:
        return _too_late(request, one, late)
    return redirect("capture:import-columns", one.public_id)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


@require_POST
@for_marketing
def reading(request: Request, import_id: UUID) -> HttpResponse:
    """Let a worker read the file anew, in another encoding or with another delimiter."""
    one = _visible(request, import_id)
    try:
        steering.insist(one)
        form = ReadingForm(request.POST, one=one)
        if form.is_valid():
            steering.read_anew(one=one, **form.cleaned_data)
            return redirect("capture:import", one.public_id)
    except steering.TooLate as late:
        return _too_late(request, one, late)
    return redirect("capture:import-columns", one.public_id)


@require_GET
@for_marketing
def looking(request: Request, import_id: UUID) -> HttpResponse:
    """Step three: the first rows as they would be stored."""
    one = _visible(request, import_id)
    if not one.may_change:
        return redirect("capture:import", one.public_id)
    if not one.mapping:
        return redirect("capture:import-columns", one.public_id)
    try:
        found = preview(one)
    except (FileError, MappingError) as error:
        messages.error(request, str(error))
        return redirect("capture:import-columns", one.public_id)
    refused = one.rejected_rows.filter(of_check=True) if one.forecast else one.rejected_rows.none()
    context = {
        "one": one,
        "preview": found,
        "most": ROWS,
        "takes": one.total - one.forecast.get("rejected", 0),
        "bad": sum(line.became == "rejected" for line in found.lines),
        "problems": refused.order_by("line", "id")[:PROBLEMS],
        "reasons": rejecting.reasons(refused),
        **_bounded(KEPT_OF_CHECK, one.forecast.get("rejected", 0)),
    }
    return render(request, "capture/import_preview.html", context)


@require_GET
@for_marketing
def as_json(request: Request, import_id: UUID) -> HttpResponse:
    """The mapping, for the command line."""
    one = _visible(request, import_id)
    answer = JsonResponse(one.mapping, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{_stem(one) or "mapping"}.json"'
    return answer


@require_GET
@for_marketing
def brought(request: Request, import_id: UUID) -> HttpResponse:
    """The leads that it made, the newest first, or with ``?show=changed`` those it changed. ``?after=`` goes
    on."""
    one = _visible(request, import_id)
    changed = request.GET.get("show") == "changed"
    found = Lead.objects.visible_to(request.user).filter(pk__in=one.brought(changed=changed).values("pk"))
    page = paging.page(
        found.select_related("company"), order=("-id",), after=request.GET.get("after", ""), size=PAGE
    )
    context = {"one": one, "rows": page.rows, "next": page.next, "changed": changed}
    return render(request, "capture/import_leads.html", context)


@require_POST
@for_marketing
@transaction.atomic
def step(request: Request, import_id: UUID, verb: str) -> HttpResponse:
    """Check, start, pause, resume, cancel or retry."""
    rows = Import.objects.visible_to(request.user).select_for_update(of=("self",))
    one = get_object_or_404(rows, public_id=import_id)
    try:
        steering.VERBS[verb](one=one, at=timezone.now())
    except steering.TooLate as late:
        messages.warning(request, str(late))
    return redirect("capture:import", one.public_id)


@require_GET
@for_marketing
def undoing(request: Request, import_id: UUID) -> HttpResponse:
    """What undoing this import would do, and what would stay and why."""
    one = _visible(request, import_id)
    if one.state not in (Import.State.DONE, Import.State.CANCELLED, Import.State.UNDONE):
        return redirect("capture:import", one.public_id)
    context = {"one": one, "foreseen": undo.foresee(one), "has_windows": one.windows.exists()}
    return render(request, "capture/import_undoing.html", context)


@require_GET
@for_marketing
def rejected(request: Request, import_id: UUID) -> HttpResponse:
    """The rejected rows as a file: line, reason and the cells as they were. Put right, it can be imported."""
    one = _visible(request, import_id)
    of_check = one.may_change or one.state == Import.State.CHECKING
    header = ["line", "reason", *(column["name"] for column in one.looked.get("columns", []))]
    found = one.rejected_rows.filter(of_check=of_check).order_by("line", "id")
    answer = StreamingHttpResponse(_csv(header, found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_stem(one) or "import"}-rejected.csv"'
    return cast(HttpResponse, answer)


async def _csv(header: list[str], found: QuerySet[RejectedRow]) -> AsyncIterator[str]:
    """Asynchronous, as the server is: of another iterator Django makes a list before it sends a byte."""
    yield BYTE_ORDER_MARK + as_csv([header])
    async for row in found.aiterator(chunk_size=500):
        yield as_csv([[str(row.line), row.reason, *row.cells]])


def _stem(one: Import) -> str:
    """The file's name for a file of ours: "Contacts 2026.xlsx" → "contacts-2026"."""
    return slugify(one.file.partition(".")[0])


def _visible(request: Request, import_id: UUID) -> Import:
    rows = Import.objects.visible_to(request.user).select_related("created_by")
    return get_object_or_404(rows, public_id=import_id)
