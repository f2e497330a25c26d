"""What the pages about versions show: the log of a model, and the steps of one version."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts import sides
from accounts.models import User
from accounts.permissions import may_draft_rules, may_review_rules, may_sign_for
from leads import paging
from leads.models import ActivityType
from scoring import changes, limits, model_file, publishing
from scoring.changes import Change
from scoring.models import ModelVersion, Publication, ScoringModel, SignOff
from scoring.stored import activity_types

#: Versions on a page of the log.
PAGE = 30


@dataclass(frozen=True, slots=True)
class LogRow:
    """One version in the log of its model: ``log`` says when it went live, newest first."""

    version: ModelVersion
    log: list[Publication]
    signatures: list[SignOff]
    may_come_back: bool


@dataclass(frozen=True, slots=True)
class Log:
    """A page of a model's versions, newest first; ``next`` is the cursor of the following page."""

    rows: list[LogRow]
    next: str
    live: ModelVersion | None


def log_of(model: ScoringModel, user: User, after: str) -> Log:
    """The versions of ``model`` that ``user`` may read. 4 queries."""
    versions = ModelVersion.objects.visible_to(user).filter(model=model)
    people = versions.select_related("created_by", "checked_by", "published_by", "based_on", "model")
    page = paging.page(people, order=("-number", "-id"), after=after, size=PAGE)
    went_live: dict[int, list[Publication]] = defaultdict(list)
    for row in Publication.objects.filter(version__in=page.rows).select_related("by").order_by("-id"):
        went_live[row.version_id].append(row)
    signatures = signatures_of(page.rows)
    live = model.versions.published().first()
    rows = [
        LogRow(
            version=version,
            log=went_live[version.pk],
            signatures=signatures[version.pk],
            may_come_back=version.state == ModelVersion.State.RETIRED
            and publishing.may_publish(version, user, signatures=len(signatures[version.pk])),
        )
        for version in page.rows
    ]
    return Log(rows, page.next, live)


def signatures_of(versions: Iterable[ModelVersion]) -> dict[int, list[SignOff]]:
    found: dict[int, list[SignOff]] = defaultdict(list)
    for given in SignOff.objects.filter(version__in=list(versions)).select_related("by").order_by("side"):
        found[given.version_id].append(given)
    return found


@dataclass(frozen=True, slots=True)
class SideRow:
    """Whether a side has signed, and whether the reader may do it now; ``waits_for`` says why not."""

    key: str
    label: str
    given: SignOff | None
    may_sign: bool
    waits_for: str


def sides_of(version: ModelVersion, user: User, signatures: Sequence[SignOff]) -> list[SideRow]:
    given = {each.side: each for each in signatures}
    left = sides.left_to(user, {each.side: each.by_id for each in signatures})
    is_checked = version.state == ModelVersion.State.CHECKED
    return [
        SideRow(
            side.value,
            str(side.label),
            given.get(side.value),
            side in left and is_checked,
            _waits_for(side, user, given, left),
        )
        for side in sides.Side
    ]


def _waits_for(side: sides.Side, user: User, given: Mapping[str, SignOff], left: Sequence[sides.Side]) -> str:
    if side in given:
        return ""
    if side in left:
        return "yours to give"
    if not may_sign_for(user, side):
        return sides.whose(side)
    return sides.why_not(user, side, {each.side: each.by for each in given.values()})


@dataclass(frozen=True, slots=True)
class Section:
    """The changes in one part of a model, under its name."""

    title: str
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What ``version`` says otherwise than ``against``; None when there is nothing to compare with."""

    against: ModelVersion | None
    sections: list[Section]
    others: list[ModelVersion]

    @property
    def count(self) -> int:
        return sum(len(section.changes) for section in self.sections)


def compare(version: ModelVersion, against: ModelVersion | None, others: list[ModelVersion]) -> Comparison:
    """About 12 queries."""
    if against is None:
        return Comparison(None, [], others)
    labels = dict(ActivityType.objects.values_list("key", "label"))
    found = changes.between(model_file.save(version=against), model_file.save(version=version), labels=labels)
    sections = [
        Section(changes.TITLES[part], [change for change in found if change.part == part])
        for part in changes.PARTS
    ]
    return Comparison(against, [section for section in sections if section.changes], others)


def before(version: ModelVersion, visible: list[ModelVersion]) -> ModelVersion | None:
    """What ``version`` is compared with at first: what is live for one that is not yet, and what was live
    before it for one that is or was. One query."""
    by_id = {each.pk: each for each in visible}
    if not version.is_final:
        return next((each for each in visible if each.state == ModelVersion.State.PUBLISHED), None)
    log = Publication.objects.filter(model=version.model_id)
    first = log.filter(version=version).order_by("id").values("id")[:1]
    earlier = log.filter(id__lt=first).exclude(version=version).order_by("-id").first()
    return by_id.get(earlier.version_id) if earlier else None


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a draft from being checked: in which part, and what would be right."""

    where: str
    message: str


def faults(problems: Sequence[tuple[str, str]], data: dict[str, object]) -> list[Fault]:
    """The problems of a model file with the names that people gave: "$.rules[3].when" → "Under 20 staff"."""
    return [Fault(_place(path, data), message) for path, message in problems]


def odd(version: ModelVersion) -> list[Fault]:
    """What is hardly meant in a draft, and keeps nobody from publishing it. One that cannot be published is
    not looked at: what is wrong with it is said when it is checked."""
    data = model_file.save(version=version)
    try:
        model_file.check(data, types=activity_types())
    except model_file.ModelFileError:
        return []
    return faults(limits.odd(data), data)


def _place(path: str, data: dict[str, object]) -> str:
    name, _, rest = path.removeprefix("$.").partition("[")
    number = rest.partition("]")[0]
    parts = data.get(name)
    if isinstance(parts, list) and number.isdigit() and int(number) < len(parts):
        each = parts[int(number)]
        label = each.get("label") or each.get("key") or f"the {str(each.get('stage', '')).upper()} line"
        return f"“{label}”" if each.get("label") or each.get("key") else label
    return changes.TITLES.get(name.partition(".")[0], "The model")


@dataclass(frozen=True, slots=True)
class Steps:
    """Where a version stands on its way to being live, and what the reader may do about it."""

    may_edit: bool
    may_review: bool
    sides: list[SideRow]
    missing: list[str]
    may_publish: bool


def steps_of(version: ModelVersion, user: User, signatures: Sequence[SignOff]) -> Steps:
    return Steps(
        may_edit=may_draft_rules(user),
        may_review=may_review_rules(user),
        sides=sides_of(version, user, signatures),
        missing=publishing.missing(version),
        may_publish=publishing.may_publish(version, user, signatures=len(signatures)),
    )
