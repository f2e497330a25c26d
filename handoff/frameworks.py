"""Which questions are asked of a lead, what their answers can be, and what has to be known before it becomes
an opportunity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from leads.models import Activity, Lead

from .models import UNKNOWN, Framework, Level, Qualification, Question, Requirement

Row = TypeVar("Row", Question, Requirement)


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the lead's framework, and what is known of it."""

    question: Question
    level: int
    label: str
    note: str
    is_top: bool

    @property
    def is_known(self) -> bool:
        return self.level != UNKNOWN


@dataclass(frozen=True, slots=True)
class Asked:
    """A framework as it is asked now: its questions and requirements that are in use, its levels in order.
    ``framework`` is None where a company asks nothing at all."""

    framework: Framework | None
    questions: tuple[Question, ...] = ()
    levels: tuple[Level, ...] = ()
    requirements: tuple[Requirement, ...] = ()

    @property
    def first_contact(self) -> list[Question]:
        """Those that may be asked before acceptance."""
        return [question for question in self.questions if question.of_first_contact]

    def question(self, key: str) -> Question | None:
        return next((question for question in self.questions if question.key == key), None)

    def level(self, key: str) -> Level | None:
        return next((level for level in self.levels if level.key == key), None)

    def label(self, value: int) -> str:
        """The level in words; the number of one that was taken away since."""
        return next((level.label for level in self.levels if level.value == value), str(value))

    def answers(self, known: Iterable[Qualification]) -> list[Answer]:
        """Every question in its order, with what ``known`` says."""
        said = {answer.question_id: answer for answer in known}
        top = max((level.value for level in self.levels), default=UNKNOWN)
        found = []
        for question in self.questions:
            answer = said.get(question.pk)
            level = answer.level if answer else UNKNOWN
            note = answer.note if answer else ""
            found.append(Answer(question, level, self.label(level), note, level == top != UNKNOWN))
        return found


def asked_of(lead: Lead) -> Asked:
    """The framework for ``lead``: the one that names the team and the model of its newest handoff, before one
    that names either, before one for everybody. 5 queries."""
    where = lead.handoffs.order_by("-cycle").values_list("pool__team_id", "version__model_id").first()
    team, model = where or (None, None)
    suited = [each for each in _read() if each.suits(team, model)]
    closest = max(suited, key=_Candidate.closeness, default=None)
    return _asked(closest.framework if closest else None)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A framework in use, and the teams and models it is for (none: for all)."""

    framework: Framework
    teams: frozenset[int]
    models: frozenset[int]

    def suits(self, team: int | None, model: int | None) -> bool:
        return (not self.teams or team in self.teams) and (not self.models or model in self.models)

    def closeness(self) -> tuple[bool, bool, int, int]:
        return bool(self.teams), bool(self.models), -self.framework.position, -self.framework.pk


def _read() -> list[_Candidate]:
    rows = Framework.objects.filter(is_active=True).annotate(
        team_ids=ArrayAgg("teams", distinct=True, filter=Q(teams__isnull=False), default=[]),
        model_ids=ArrayAgg(
            "scoring_models", distinct=True, filter=Q(scoring_models__isnull=False), default=[]
        ),
    )
    return [
        _Candidate(framework, frozenset(framework.team_ids), frozenset(framework.model_ids))
        for framework in rows.prefetch_related("questions", "levels", "requirements")
    ]


def _asked(framework: Framework | None) -> Asked:
    if framework is None:
        return Asked(None)
    return Asked(
        framework=framework,
        questions=_in_order(framework.questions.all()),
        levels=tuple(sorted(framework.levels.all(), key=lambda level: level.value)),
        requirements=_in_order(framework.requirements.all()),
    )


def _in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted((row for row in rows if row.is_active), key=lambda row: (row.position, row.pk)))


# What is missing


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing: ``words`` in a sentence; ``key`` of the question, "" for no question."""

    words: str
    key: str = ""


def gaps(*, lead: Lead, asked: Asked, known: Iterable[Qualification], at: datetime) -> list[Gap]:
    """What ``asked`` requires and ``lead`` lacks at ``at``, each thing once, in the order of asking. One
    query per requirement about activities."""
    levels = {answer.question_id: answer.level for answer in known}
    found: list[Gap] = []
    for requirement in asked.requirements:
        if requirement.kind == Requirement.Kind.ACTIVITY:
            if not _happened(lead, requirement, at):
                found.append(Gap(requirement.words))
            continue
        found += [
            Gap(_words(question, levels.get(question.pk, UNKNOWN), asked), question.key)
            for question in asked.questions
            if not requirement.questions or question.key in requirement.questions
            if levels.get(question.pk, UNKNOWN) < requirement.least_level
        ]
    return list(dict.fromkeys(found))


def _words(question: Question, level: int, asked: Asked) -> str:
    """ "budget"; "more certainty about budget" where something is known but not enough."""
    word = _lower(question.label)
    return word if level == UNKNOWN else f"more than “{_lower(asked.label(level))}” about {word}"


def _lower(text: str) -> str:
    """Within a sentence; an abbreviation keeps its capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _happened(lead: Lead, requirement: Requirement, at: datetime) -> bool:
    done = Activity.objects.counted().filter(lead=lead, type__key__in=requirement.types, occurred_at__lte=at)
    if requirement.within_days is not None:
        done = done.since(at - timedelta(days=requirement.within_days))
    if requirement.times == 1:
        return done.exists()
    return len(done.values_list("pk")[: requirement.times]) >= requirement.times


def elsewhere(asked: Asked, known: Iterable[Qualification]) -> list[tuple[Qualification, str]]:
    """What is known by questions that ``asked`` does not ask: those of another framework, or switched off;
    each with the name of its framework."""
    here = {question.pk for question in asked.questions}
    return [
        (answer, str(answer.question.framework))
        for answer in known
        if answer.question_id not in here and answer.level != UNKNOWN
    ]


def unanswered(*, questions: Sequence[Question], known: Iterable[Qualification]) -> list[Question]:
    """Those of ``questions`` that nobody has answered, in their order. Pure."""
    said = {answer.question_id for answer in known if answer.level != UNKNOWN}
    return [question for question in questions if question.pk not in said]
