"""What every template may read: the workspace's name, and the counts beside the rail's entries."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import Role, User
from accounts.permissions import may_edit_leads, may_merge, may_release, sees_everything
from capture.models import Submission
from handoff.models import Handoff, Task
from leads import paging
from leads.models import Lead, LookAlike, Suspicion
from leads.stages import Stage
from notifications.models import Notification
from scoring.models import Crossing, ModelVersion


def workspace(request: HttpRequest) -> dict[str, object]:
    return {"workspace_name": settings.WORKSPACE_NAME}


def rail(request: HttpRequest) -> dict[str, object]:
    """``rail``: unread, queue_due, team_open, tasks_due, mqls, held, duplicates, suspected, submissions,
    review_day ("Tue") and live_version ("v3"), read when a page shows one."""
    return {"rail": SimpleLazyObject(lambda: _rail(getattr(request, "user", None)))}


def _rail(user: object) -> dict[str, object]:
    """The counts ``user`` may see. One query."""
    if not isinstance(user, User):
        return {}
    counted: dict[str, QuerySet[Any]] = {"unread": Notification.objects.visible_to(user).unread()}
    if user.role != Role.MARKETER:
        counted["queue_due"] = Handoff.objects.awake(timezone.now()).filter(rep=user)
        counted["team_open"] = Handoff.objects.visible_to(user).open()
        counted["tasks_due"] = Task.objects.visible_to(user).overdue_of(user, timezone.now())
    if user.role in {Role.MARKETER, Role.ADMIN}:
        counted["mqls"] = Lead.objects.visible_to(user).in_stage(Stage.MQL)
    if may_release(user):
        counted["held"] = Crossing.objects.visible_to(user).to_release()
    if may_merge(user) and sees_everything(user):
        # The pairs of a manager's teams may be few among very many, and finding them would cost every page a
        # walk over all. So managers have the list and no number beside it.
        counted["duplicates"] = LookAlike.objects.visible_to(user).waiting()
    if may_edit_leads(user):
        counted["suspected"] = Suspicion.objects.visible_to(user).filter(state=Suspicion.State.MARKED)
        counted["submissions"] = Submission.objects.visible_to(user).held()
    live = ModelVersion.objects.published().filter(model__key="default").order_by("-number")
    shown: dict[str, object] = dict(paging.counts(counted, beside=live.values("number")[:1]))
    number = shown.pop("beside")
    for name in ("held", "tasks_due", "duplicates", "suspected", "submissions"):
        if not shown.get(name):
            shown.pop(name, None)  # nothing waits: nothing is said
    shown["review_day"] = settings.REVIEW_DAY[:3].capitalize()
    return {**shown, "live_version": f"v{number}" if number else None}
