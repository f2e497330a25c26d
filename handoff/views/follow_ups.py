"""Tasks, from the lead page and from one's own list: written down, moved, done, and taken up again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.permissions import may_give_verdicts
from handoff import follow_ups
from handoff.lead_forms import DueForm, TaskForm
from handoff.models import Task

from .leads import lead_again, lead_url, visible_lead
from .requests import Request, page_for, way_back

for_sales = page_for(may_give_verdicts, "Tasks are for sales to write down.")


@require_POST
@for_sales
def tasks(request: Request, lead_id: UUID) -> HttpResponse:
    """Something to do about a lead, by somebody, by a moment."""
    lead = visible_lead(request, lead_id)
    form = TaskForm(request.POST, people=follow_ups.people_for(lead))
    if not form.is_valid():
        return lead_again(request, lead, status=422, task_form=form)
    try:
        task = follow_ups.add(lead=lead, by=request.user, at=timezone.now(), **form.cleaned_data)
    except follow_ups.DueRefused as refusal:
        form.add_error("due_at", str(refusal))
        return lead_again(request, lead, status=422, task_form=form)
    except follow_ups.KeyTaken as refusal:
        form.add_error(None, str(refusal))
        return lead_again(request, lead, status=409, task_form=form)
    who = "you" if task.owner == request.user else task.owner
    messages.success(request, format_html("Noted for {}: <b>{}</b>.", who, task.title))
    return redirect(way_back(request, f"{lead_url(lead)}#tasks"))


@require_POST
@for_sales
def done(request: Request, task_id: UUID) -> HttpResponse:
    """It is done."""
    task = _visible(request, task_id)
    follow_ups.finish(task=task, by=request.user, at=timezone.now())
    undo_url = reverse("handoff:task-undone", args=[task.public_id])
    messages.success(request, format_html("Done: <b>{}</b>.", task.title), extra_tags=undo_url)
    return redirect(way_back(request, f"{lead_url(task.lead)}#tasks"))


@require_POST
@for_sales
def undone(request: Request, task_id: UUID) -> HttpResponse:
    """It is not done after all."""
    task = _visible(request, task_id)
    follow_ups.take_up(task=task, by=request.user)
    messages.success(request, format_html("Open again: <b>{}</b>.", task.title))
    return redirect(way_back(request, f"{lead_url(task.lead)}#tasks"))


@require_POST
@for_sales
def due_date(request: Request, task_id: UUID) -> HttpResponse:
    """It is due at another moment."""
    task = _visible(request, task_id)
    form = DueForm(request.POST)
    back = redirect(way_back(request, f"{lead_url(task.lead)}#tasks"))
    if not form.is_valid():
        messages.error(request, " ".join(str(each) for each in form.errors["due_at"]))
        return back
    try:
        due_at = form.cleaned_data["due_at"]
        follow_ups.move(task=task, by=request.user, due_at=due_at, at=timezone.now())
    except (follow_ups.DueRefused, follow_ups.AlreadyDone) as refusal:
        messages.error(request, str(refusal))
        return back
    messages.success(request, format_html("<b>{}</b> is due at another time now.", task.title))
    return back


def _visible(request: Request, task_id: UUID) -> Task:
    tasks = Task.objects.visible_to(request.user).select_related("lead", "owner", "created_by")
    return get_object_or_404(tasks, public_id=task_id)
