"""How a version goes live: draft, checked, signed by both sides if they agreed so, published with a reason,
retired, and brought back if need be. Crossings that this causes wait, and a person releases them.

Every verb locks the model first, then the version, and looks again at what it finds: two people at once come
one after the other, and the second is told what the first did.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts import sides
from accounts.permissions import may_publish_rules, may_sign_for
from accounts.sides import Side
from leads.ticks import tick

from . import watching
from .model_file import check, new_draft, save, saved_part
from .models import ModelVersion, Publication, RuleGroup, ScoringModel, SignOff
from .parts import keys_of
from .releasing import drop_overtaken as drop_overtaken
from .releasing import release as release
from .releasing import undo_held
from .stored import activity_types

if TYPE_CHECKING:
    from accounts.models import User


class Refused(Exception):
    """A version cannot take this step; the message says why, and what to do instead."""


class NotADraft(Refused):
    """Only a draft is edited, checked or discarded."""


class NotChecked(Refused):
    """Only a checked version is signed or reopened."""


class NotSigned(Refused):
    """Both sides sign first: so they agreed for this model."""


class AlreadySigned(Refused):
    """The side has signed, or the person has signed for the other one."""


class NotYours(Refused):
    """Somebody in another role takes this step."""


class NotRetired(Refused):
    """Only what was live before can be brought back."""


class PublishedMeanwhile(Refused):
    """Another version went live than the one that the person was looking at."""


class ChangedMeanwhile(Refused):
    """The version was reopened, and maybe edited, since the person read it."""


class TryAgain(Refused):
    """Something that takes its time was under way; nothing was changed."""


class ReasonMissing(Refused):
    """Publishing needs a reason, such as what was seen in the market (S1-20)."""


# Draft → checked → signed


@transaction.atomic
def draft_from(*, version: ModelVersion, by: "User | None") -> ModelVersion:
    """A draft that says the same as ``version``, with what cannot be computed any more: to be mended."""
    copied = ("applies_to", "time_zone", "grades_from", "ceiling_fit", "ceiling_engagement", "ceiling_intent")
    made = new_draft(
        model=version.model, by=by, based_on=version, **{name: getattr(version, name) for name in copied}
    )
    groups = list(version.groups.order_by("id"))
    copies = {group.pk: _copied(group, made, within=None) for group in groups}
    for group in groups:
        copies[group.pk].save()
    for group in groups:
        if group.within_id is not None:
            RuleGroup.objects.filter(pk=copies[group.pk].pk).update(within=copies[group.within_id])
    for rule in version.rules.order_by("id"):
        _copied(rule, made, group=copies[rule.group_id] if rule.group_id else None).save()
    lines = version.lines.order_by("id")
    for line, key in zip(
        lines, keys_of({"lines": [saved_part(line) for line in lines]}, "line"), strict=True
    ):
        _copied(line, made, key=key).save()
    for parts in (version.stage_triggers, version.blockers):
        for part in parts.order_by("id"):
            _copied(part, made).save()
    made.refresh_from_db()
    return made


def _copied(part: Any, version: ModelVersion, **changes: Any) -> Any:
    """A new part of ``version`` like ``part``; one that was turned off gets another try."""
    changes = {"version": version, "disabled_at": None, "disabled_reason": "", **changes}
    own = {field.attname: getattr(part, field.attname) for field in part._meta.concrete_fields}
    del own[part._meta.pk.attname]
    copy = type(part)(**own)
    for name, value in changes.items():
        if hasattr(copy, name):
            setattr(copy, name, value)
    return copy


@transaction.atomic
def check_draft(*, version: ModelVersion, by: "User | None", at: datetime) -> ModelVersion:
    """Make sure that everything in a draft can be computed, and close it for editing, so that what is signed
    is what goes live. Raises NotADraft, and ModelFileError with every fault. Safe to repeat."""
    version = hold(version)
    if version.state == ModelVersion.State.CHECKED:
        return version
    _must_be_draft(version)
    _check(version)
    _move(version, to=ModelVersion.State.CHECKED, checked_at=at, checked_by=by)
    return version


@transaction.atomic
def reopen(*, version: ModelVersion) -> ModelVersion:
    """Make a checked version a draft again, to edit it. Takes its signatures back: they were for what it
    said. Raises NotChecked. Safe to repeat."""
    version = hold(version)
    if version.is_draft:
        return version
    _must_be_checked(version)
    version.sign_offs.all().delete()
    _move(version, to=ModelVersion.State.DRAFT, checked_at=None, checked_by=None)
    return version


def as_seen(version: ModelVersion) -> str:
    """What a page keeps of a checked ``version``, to post it with what is decided there: it is another one
    once the version was reopened. "" of a draft, which changes at any time."""
    return version.checked_at.isoformat() if version.checked_at else ""


@transaction.atomic
def sign(*, version: ModelVersion, side: str, by: "User", at: datetime, seen: str | None = None) -> SignOff:
    """``by`` agrees for ``side`` ("marketing" or "sales") that a checked version may go live. Each side signs
    once, each person for one side. ``seen`` is what they read, by ``as_seen``; None for whatever it says.
    Raises NotYours, NotChecked, ChangedMeanwhile, AlreadySigned. Safe to repeat."""
    if not may_sign_for(by, side):
        raise NotYours(sides.whose(side))
    version = hold(version)
    _must_be_checked(version)
    _must_be_as(version, seen)
    signed = {each.side: each for each in version.sign_offs.select_related("by")}
    if side in signed and signed[side].by_id == by.pk:
        return signed[side]
    if side in signed:
        raise AlreadySigned(f"{signed[side].by} signed for {side} {_when(signed[side].at)}.")
    if against := sides.why_not(by, side, {key: each.by for key, each in signed.items()}):
        raise AlreadySigned(against)
    return SignOff.objects.create(version=version, side=side, by=by, at=at)


def missing(version: ModelVersion) -> list[str]:
    """What still has to happen before ``version`` can be published, in order; [] when nothing has to. Up to
    2 queries."""
    if version.is_final or not version.model.needs_sign_off:
        return []
    steps = ["check it"] if version.is_draft else []
    signed = set(version.sign_offs.values_list("side", flat=True))
    return steps + [f"{side} signs it" for side in Side.values if side not in signed]


def may_publish(version: ModelVersion, user: "User", *, signatures: int | None = None) -> bool:
    """Whether ``user`` may make ``version`` live, or bring it back. ``signatures``: how many it has, where
    they were counted already. Up to 1 query."""
    asked = version.model.needs_sign_off and not may_publish_rules(user, signed=False)
    if asked and signatures is None:
        signatures = version.sign_offs.count()
    return may_publish_rules(user, signed=asked and signatures == len(Side))


@transaction.atomic
def discard(*, version: ModelVersion) -> None:
    """Delete a draft. Raises NotADraft. Safe to repeat."""
    try:
        version = hold(version)
    except ModelVersion.DoesNotExist:
        return
    _must_be_draft(version)
    version.rules.all().delete()
    version.groups.update(within=None)
    version.delete()


# Published → retired → brought back


@transaction.atomic
def publish(
    *,
    version: ModelVersion,
    by: "User | None",
    reason: str,
    at: datetime,
    over: int | None = None,
    seen: str | None = None,
) -> ModelVersion:
    """Make ``version`` the one that scores from ``at`` on and retire the one before. Everybody is re-scored
    next, in the background; crossings that this causes wait for a person. ``over`` is the number of the
    version that was live when the person decided, 0 for none, None for whichever is; ``seen`` is as for
    ``sign``. Raises Refused in one of its kinds, and ModelFileError when the draft has a rule that cannot be
    computed."""
    if not reason.strip():
        raise ReasonMissing("Say why: what did you see that this version answers?")
    version = hold(version)
    if version.is_final:
        raise NotADraft(_was_published(version))
    _must_follow(version, over)
    _must_be_as(version, seen)
    if version.model.needs_sign_off and (steps := missing(version)):
        raise NotSigned(f"{version} is not ready: {', then '.join(steps)}.")
    if by is not None and not may_publish(version, by):
        raise NotYours("An admin publishes, or a marketer once both sides have signed.")
    _check(version)
    log = Publication(model=version.model, version=version, at=at, by=by, reason=reason.strip())
    _retire_live(version.model)
    _move(
        version,
        to=ModelVersion.State.PUBLISHED,
        published_at=at,
        published_by=by,
        reason=log.reason,
        rescored_to=0,
    )
    log.save()
    _follow()
    tick("published")
    return version


@transaction.atomic
def bring_back(
    *, version: ModelVersion, by: "User | None", at: datetime, reason: str = "", over: int | None = None
) -> ModelVersion:
    """Roll back: make a retired ``version`` live again and retire the one that is. Everybody is re-scored as
    after publishing, and stands where the version left them unless they moved by themselves since
    (``rolling_back``). Crossings that wait since it was last live are undone: whoever is over its lines all
    the same crosses again. Raises Refused in one of its kinds."""
    version = hold(version)
    if version.state == ModelVersion.State.PUBLISHED:
        raise NotRetired(_was_published(version))
    if version.state != ModelVersion.State.RETIRED:
        raise NotRetired(f"{version} was never live: publish it instead.")
    _must_follow(version, over)
    if by is not None and not may_publish(version, by):
        raise NotYours("An admin brings a version back, or a marketer when both sides have signed it.")
    live = version.model.versions.published().first()
    reason = reason.strip() or _how_back(version, live)
    since = _since(version)
    _retire_live(version.model)
    _move(version, to=ModelVersion.State.PUBLISHED, rescored_to=0)
    _follow()
    undo_held(model=version.model, versions=[entry.version_id for entry in since], at=at)
    _roll_back(version, since)
    Publication.objects.create(
        model=version.model,
        version=version,
        kind=Publication.Kind.BROUGHT_BACK,
        at=at,
        by=by,
        reason=reason,
    )
    tick("published")
    return version


def _how_back(version: ModelVersion, live: ModelVersion | None) -> str:
    """What the log says of a version that came back without a reason."""
    if live is None:
        return "Brought back"
    if live.number < version.number:
        return f"Brought back over version {live.number}"
    return f"Rolled back from version {live.number}"


def _follow() -> None:
    try:
        watching.follow()
    except watching.Busy as busy:
        raise TryAgain(str(busy)) from None


def _retire_live(model: ScoringModel) -> None:
    model.versions.published().update(state=ModelVersion.State.RETIRED, rescored_to=None)


def version_before(live: ModelVersion) -> ModelVersion | None:
    """What was live before ``live`` first was: what a rollback of it brings back. What it came back over is
    later than it, and no way back. One query."""
    log = Publication.objects.filter(model=live.model_id)
    own = log.filter(version=live).order_by("id").values("id")[:1]
    earlier = log.filter(id__lt=own).exclude(version=live).select_related("version__model").order_by("-id")
    found = earlier.first()
    return found.version if found else None


def _since(version: ModelVersion) -> list[Publication]:
    """What went live after ``version`` last did."""
    log = Publication.objects.filter(model=version.model)
    own = log.filter(version=version).order_by("-id").first()
    return list(log.exclude(version=version).filter(id__gt=own.pk if own else 0).order_by("id"))


def _roll_back(version: ModelVersion, since: list[Publication]) -> None:
    """Whoever is scored next is first put where they stood before ``since``; of an earlier rollback that is
    not through, what it had still to undo, unless it is ``version`` itself that comes back."""
    model = version.model
    under_way = ScoringModel.objects.values_list("rolling_back", flat=True).get(pk=model.pk)
    own = set(Publication.objects.filter(version=version).values_list("pk", flat=True))
    undone = {*under_way, *(entry.pk for entry in since)} - own
    ScoringModel.objects.filter(pk=model.pk).update(rolling_back=sorted(undone))


# What the verbs share


def hold(version: ModelVersion) -> ModelVersion:
    """``version`` as it is now, and nobody else moves it or publishes another until the transaction ends."""
    ScoringModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
    versions = ModelVersion.objects.select_for_update(of=("self",), no_key=True)
    return versions.select_related("model").get(pk=version.pk)


def _move(version: ModelVersion, *, to: str, **fields: Any) -> None:
    ModelVersion.objects.filter(pk=version.pk, state=version.state).update(state=to, **fields)
    version.refresh_from_db()


def _check(version: ModelVersion) -> None:
    """Raise ModelFileError with every fault; what had been turned off is back on when there is none."""
    check(save(version=version), types=activity_types())
    for part in (version.rules, version.stage_triggers, version.blockers):
        part.exclude(disabled_at=None).update(disabled_at=None, disabled_reason="")


def _must_be_draft(version: ModelVersion) -> None:
    if version.is_final:
        raise NotADraft(f"{_was_published(version)} Make a new draft from it.")
    if not version.is_draft:
        raise NotADraft(f"{version} is checked: reopen it first. Its signatures are taken back then.")


def _must_be_checked(version: ModelVersion) -> None:
    if version.is_draft:
        raise NotChecked(f"{version} is a draft: check it first.")
    if version.is_final:
        raise NotChecked(_was_published(version))


def _must_be_as(version: ModelVersion, seen: str | None) -> None:
    if seen is None or seen == as_seen(version):
        return
    again = f"checked again {_when(version.checked_at)}" if version.checked_at else "is a draft again"
    raise ChangedMeanwhile(f"{version} was reopened and {again}. Read what it says now, then go on.")


def _must_follow(version: ModelVersion, over: int | None) -> None:
    if over is None:
        return
    live = version.model.versions.published().first()
    if live is not None and live.number != over:
        raise PublishedMeanwhile(
            f"{live} went live meanwhile, {_log(live)}. Look at what {version} changes in it, then go on."
        )


def _was_published(version: ModelVersion) -> str:
    state = "published" if version.state == ModelVersion.State.PUBLISHED else "retired"
    return f"{version} is {state} already, {_log(version)}."


def _log(version: ModelVersion) -> str:
    """ "published by Mara on 3 May at 14:02"."""
    last = version.publications.select_related("by").order_by("-id").first()
    if last is None:
        return "before the log began"
    return f"{last.get_kind_display().lower()} by {last.by or 'the product'} {_when(last.at)}"


def _when(at: datetime) -> str:
    """ "on 3 May at 14:02", in the reader's zone."""
    local = timezone.localtime(at)
    return f"on {local.day} {local:%B at %H:%M}"
