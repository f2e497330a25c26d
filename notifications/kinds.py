"""What people are told, by kind: the lines of the page on which they choose how."""

from dataclasses import dataclass

from accounts.models import Role

#: The mail that lists what waited for it. Never listed itself.
DIGEST = "digest"

_SALES = (Role.REP, Role.MANAGER, Role.ADMIN)
_LEADERS = (Role.MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Kind:
    """``by_mail``: what happens while somebody has said nothing. An alarm may break through quiet hours."""

    key: str
    label: str
    note: str
    roles: tuple[Role, ...]
    by_mail: bool = True
    is_alarm: bool = False


KINDS = {
    kind.key: kind
    for kind in (
        Kind("handoff", "A lead is yours", "With the reasons and the time to answer.", _SALES),
        Kind(
            "taken_back",
            "Leads are taken back",
            "What they were handed over for holds no more, marketing wants them back, or two leads were one.",
            _SALES,
        ),
        Kind("handed_on", "Somebody's work is yours", "How many leads, from whom and why.", _SALES),
        Kind(
            "due_soon", "Time runs out for a lead", "Yours, before its time is over.",
            (Role.REP, Role.MANAGER),
        ),
        Kind("overdue", "A lead is overdue", "Yours, or one of a team you lead.", _SALES, is_alarm=True),
        Kind("task_due", "A task is due", "One that is yours, once.", _SALES),
        Kind(
            "backup", "You are asked to step in", "A colleague has not answered; you may.", _SALES,
            is_alarm=True,
        ),
        Kind(
            "escalated", "A rep has not answered", "Of a team you lead, as the response times say.", _LEADERS,
            is_alarm=True,
        ),
        Kind("reassigned", "A lead went on to another rep", "Because nobody had answered in time.", _SALES),
        Kind(
            "unassigned", "Nobody is available for a lead", "It waits in the unassigned queue.", _LEADERS,
            is_alarm=True,
        ),
        Kind(
            "returned", "A lead you handed over came back", "With the reason sales gave.",
            (Role.MARKETER, Role.ADMIN), by_mail=False,
        ),
        Kind(
            "model_review", "Time to look at the scoring rules", "Once a month.",
            (Role.MARKETER, Role.MANAGER, Role.ADMIN),
        ),
        Kind(
            "review", "A review is prepared, or has its notes", "Weekly, and the model review once a month.",
            (Role.MARKETER, Role.MANAGER, Role.ADMIN),
        ),
        Kind("endpoint_off", "A webhook was switched off", "After five days of failures.", (Role.ADMIN,)),
    )
}  # fmt: skip


def of_role(role: str) -> list[Kind]:
    """The kinds that somebody with ``role`` is ever told, in the order of the page."""
    return [kind for kind in KINDS.values() if role in kind.roles]


def label(kind: str) -> str:
    """In words; a kind nobody listed keeps its own name."""
    if kind == DIGEST:
        return "Digest"
    return KINDS[kind].label if kind in KINDS else kind.replace("_", " ").capitalize()


def is_alarm(kind: str) -> bool:
    return kind in KINDS and KINDS[kind].is_alarm
