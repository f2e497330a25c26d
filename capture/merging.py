"""What merging two leads does to what visitors sent."""

from collections.abc import Collection

from django.db.models import CharField
from django.db.models.functions import Cast

from leads.folding import Folding, goes_back, settles
from leads.models import Activity, ConsentEvent, Lead, Merge

from .models import Submission


@settles("capture.Submission.lead")
def _submissions(one: Folding) -> None:
    one.move(Submission)


@goes_back
def _sent_since(merge: Merge, late: Collection[int]) -> None:
    """What was sent under the dropped lead's name goes back with the activity that it became, and so does the
    consent that was given with it: a link that is followed later must not make somebody else agree."""
    named = Activity.objects.filter(pk__in=late).values_list("event_id", flat=True)
    sent = (
        Submission.objects.alias(named=Cast("public_id", CharField()))
        .filter(lead=merge.kept_id, submitted_at__gte=merge.at, named__in=list(named))
        .select_related("web_form__source")
    )
    kept = Lead.objects.get(pk=merge.kept_id)
    theirs = [each for each in sent if each.email.lower() != (kept.email or "").lower()]
    for each in theirs:
        ConsentEvent.objects.filter(
            lead=kept,
            channel=ConsentEvent.Channel.EMAIL,
            granted=True,
            at=each.confirmed_at or each.submitted_at,
            source=each.web_form.key,
        ).update(lead=merge.dropped_key)
    Submission.objects.filter(pk__in=[each.pk for each in theirs]).update(lead=merge.dropped_key)
