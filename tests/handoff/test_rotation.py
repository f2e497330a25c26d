"""Turns by weight and by load, and who takes leads at all: C-20 to C-23, C-26, and the laws behind them."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accounts.availability import Stretch
from accounts.models import Role, User
from handoff import eligibility, rotation, walking
from handoff.eligibility import Desk, Load, Pick, Ring
from handoff.matching import AskedLead, Rule
from handoff.models import Pool
from handoff.rotation import Turn
from tests.factories import NOW

TAGGED = "tagged"


def at(clock: str) -> datetime:
    return datetime.combine(NOW.date(), time.fromisoformat(clock), UTC)


def desk(number: int, **fields: Any) -> Desk:
    user = User(pk=fields.pop("user", number), name=f"Rep {number}", role=Role.REP)
    load = Load(fields.pop("open", 0), fields.pop("today", 0))
    return Desk(member_id=number, user=user, pool_id=1, load=load, **fields)


def ring(*desks: Desk, **fields: Any) -> Ring:
    return Ring(Pool(pk=1, name="DACH", **fields), 0, list(desks))


def given_out(to: Ring, leads: int, held: frozenset[str] = frozenset(), when: datetime = NOW) -> list[int]:
    """``leads`` in a row to whose turn it is; the numbers of the reps, 0 for nobody."""
    found = []
    for _ in range(leads):
        lead = AskedLead(pk=1, held=held)
        way = walking.walk(lead, rules=[RULE], rings={1: to}, at=when)
        walking.take(way, at=when)
        found.append(way.desk.member_id if way.desk else 0)
    return found


RULE = Rule(pk=1, name="All", position=10, is_on=True, to="pool", pool_id=1)


def test_c20_the_one_who_has_waited_longest_is_next():
    three = [Turn(1, at("10:02")), Turn(2, at("10:31")), Turn(3, at("11:17"))]
    assert rotation.in_turn(three).member_id == 1
    last_two = [Turn(2, at("13:33")), Turn(3, at("10:31"))]
    assert rotation.in_turn(last_two).member_id == 3


def test_c20_somebody_who_never_had_a_lead_comes_before_all_others():
    assert rotation.in_turn([Turn(1, at("08:00")), Turn(2, None)]).member_id == 2
    assert rotation.in_turn([]) is None


def test_c20_what_somebody_took_by_hand_counts_as_their_turn():
    team = ring(desk(1), desk(2), desk(3))
    team.give(Pick(team.desks[0], in_turn=False), NOW)
    assert given_out(team, 5) == [2, 3, 1, 2, 3]


def test_c21_weights_of_two_and_one_over_300_leads_give_200_and_100():
    shares = Counter(given_out(ring(desk(1, weight=2), desk(2)), 300))
    assert shares == {1: 200, 2: 100}


def test_c21_weights_of_one_and_two_over_5_leads_give_2_and_3():
    shares = Counter(given_out(ring(desk(1), desk(2, weight=2)), 5))
    assert shares == {1: 2, 2: 3}


def test_c22_the_ring_goes_round():
    assert given_out(ring(desk(1), desk(2), desk(3)), 4) == [1, 2, 3, 1]


def test_c22_open_work_is_balanced_and_who_has_less_gets_more():
    team = ring(desk(1), desk(2), desk(3), method="balance")
    assert Counter(given_out(team, 30)) == {1: 10, 2: 10, 3: 10}
    team.desks[0].load.open -= 5
    assert given_out(team, 5) == [1] * 5


def test_c23_thirty_daily_runs_of_one_lead_with_two_equal_reps_differ_by_one_at_most():
    stored: dict[int, tuple[int, datetime | None]] = {1: (0, None), 2: (0, None)}
    virtual, got = 0, Counter[int]()
    for day in range(30):
        # Each run begins with what is stored, as a new process does.
        team = ring(*(desk(key, finish=f, last_assigned_at=last) for key, (f, last) in stored.items()))
        team.virtual = virtual
        got.update(given_out(team, 1, when=NOW + timedelta(days=day)))
        virtual = team.virtual
        stored = {each.member_id: (each.finish, each.last_assigned_at) for each in team.desks}
    assert got == {1: 15, 2: 15}


@given(order=st.permutations([TAGGED] * 8 + [""] * 3))
def test_c26_eleven_leads_eight_tagged_room_for_five_give_five_all_tagged_three_and_three(order: list[str]):
    special = desk(1, prefers=TAGGED, open_at_most=5)
    team = ring(special, desk(2, open_at_most=5), desk(3, open_at_most=5))
    got = [given_out(team, 1, held=frozenset(filter(None, [tag])))[0] for tag in order]
    assert Counter(got) == {1: 5, 2: 3, 3: 3}
    assert all(tag == TAGGED for tag, rep in zip(order, got, strict=True) if rep == 1)


def test_who_takes_only_what_they_prefer_gets_nothing_else():
    team = ring(desk(1, prefers=TAGGED, only_preferred=True))
    assert given_out(team, 1) == [0]
    assert given_out(team, 1, held=frozenset([TAGGED])) == [1]


def test_somebody_back_from_leave_is_not_flooded():
    team = ring(desk(1), desk(2), desk(3))
    team.desks[2].absences = ((NOW - timedelta(days=9), NOW, "On leave"),)
    given_out(team, 40, when=NOW - timedelta(days=1))
    back = given_out(team, 9)
    assert Counter(back) == {1: 3, 2: 3, 3: 3}
    assert back[0] == 3  # waited longest, so first; then everybody in turn


@given(tags=st.lists(st.booleans(), min_size=90, max_size=90))
def test_specialists_and_the_others_do_not_disturb_each_others_shares(tags: list[bool]):
    special = [desk(1, prefers=TAGGED, weight=3), desk(2, prefers=TAGGED)]
    team = ring(*special, desk(3, weight=2), desk(4))
    got = Counter(given_out(team, 1, held=frozenset([TAGGED] if tag else []))[0] for tag in tags)
    tagged = sum(tags)
    assert got[1] + got[2] == tagged
    assert abs(got[1] - tagged * 3 / 4) <= 1
    assert abs(got[3] - (90 - tagged) * 2 / 3) <= 1


def test_a_specialist_back_from_leave_is_not_flooded_either():
    team = ring(desk(1, prefers=TAGGED), desk(2, prefers=TAGGED), desk(3))
    team.desks[1].absences = ((NOW - timedelta(days=9), NOW, "On leave"),)
    held = frozenset([TAGGED])
    assert set(given_out(team, 40, held, when=NOW - timedelta(days=1))) == {1}
    assert Counter(given_out(team, 10, held)) == {1: 5, 2: 5}


def test_who_sent_a_lead_back_keeps_their_turn_for_the_next():
    team = ring(desk(1), desk(2), desk(3))
    way = walking.walk(AskedLead(pk=1), rules=[RULE], rings={1: team}, at=NOW, refused_by=1)
    walking.take(way, at=NOW)
    assert [way.desk.member_id, *given_out(team, 5)] == [2, 1, 3, 2, 1, 3]


def test_leads_of_their_own_accounts_take_nobody_elses_turn():
    team = ring(desk(1), desk(2, weight=2), desk(3))
    for _ in range(5):
        team.give(Pick(team.desks[0], in_turn=False), NOW)
    assert Counter(given_out(team, 15)) == {2: 10, 3: 5}  # until the others have had their share, too


@given(
    weights=st.lists(st.integers(1, rotation.MOST_WEIGHT), min_size=1, max_size=6),
    rounds=st.integers(1, 5),
)
def test_after_whole_rounds_shares_are_exactly_the_weights(weights: list[int], rounds: int):
    team = ring(*(desk(number, weight=weight) for number, weight in enumerate(weights, 1)))
    got = Counter(given_out(team, sum(weights) * rounds))
    assert got == {number: weight * rounds for number, weight in enumerate(weights, 1)}


@given(weights=st.lists(st.integers(1, 20), min_size=2, max_size=5), leads=st.integers(1, 80))
def test_at_every_moment_nobody_is_more_than_one_turn_ahead_of_another(weights: list[int], leads: int):
    team = ring(*(desk(number, weight=weight) for number, weight in enumerate(weights, 1)))
    got = Counter(given_out(team, leads))
    for one, mine in enumerate(weights, 1):
        for other, theirs in enumerate(weights, 1):
            assert got[one] / mine - got[other] / theirs <= 1 / mine + 1 / theirs + 1e-9


STATES = st.fixed_dictionaries(
    {
        "weight": st.integers(0, 4),
        "open": st.integers(0, 3),
        "open_at_most": st.none() | st.integers(0, 4),
        "per_day": st.none() | st.integers(0, 4),
        "today": st.integers(0, 3),
        "paused": st.booleans(),
        "finish": st.integers(0, 4 * rotation.TURN),
        "active": st.booleans(),
        "away": st.booleans(),
        "at_work": st.booleans(),
        "last": st.none() | st.integers(0, 600),
    }
)


@given(
    states=st.lists(STATES, min_size=0, max_size=6),
    leads=st.integers(1, 12),
    refuser=st.integers(0, 7),
    method=st.sampled_from(["rotation", "balance"]),
)
def test_never_to_somebody_inactive_absent_paused_full_or_at_home_nor_straight_back(
    states: list[dict[str, Any]], leads: int, refuser: int, method: str
):
    desks = [_made(number, dict(state)) for number, state in enumerate(states, 1)]
    team = ring(*desks, method=method)
    for _ in range(leads):
        free = [
            each.member_id
            for each, state in zip(desks, states, strict=True)
            if state["active"] and not state["away"] and state["at_work"] and not state["paused"]
            if state["weight"]
            if each.open_at_most is None or each.load.open < each.open_at_most
            if each.per_day is None or each.load.today < each.per_day
        ]  # fmt: skip
        way = walking.walk(AskedLead(pk=1), rules=[RULE], rings={1: team}, at=NOW, refused_by=refuser)
        walking.take(way, at=NOW)
        if way.desk is None:
            assert not free
            continue
        assert way.desk.member_id in free
        if set(free) - {refuser}:
            assert way.desk.member_id != refuser
        noted = {member["member"]: member["why"] for member in way.members}
        assert {key for key, why in noted.items() if why} | set(free) == set(noted)


def _made(number: int, state: dict[str, Any]) -> Desk:
    active, away, at_work, last = (state.pop(key) for key in ("active", "away", "at_work", "last"))
    made = desk(number, **state)
    made.user.is_active = active
    made.last_assigned_at = NOW - timedelta(minutes=last) if last is not None else None
    if away:
        made.absences = ((NOW - timedelta(hours=1), NOW + timedelta(hours=1), ""),)
    if not at_work:
        made.hours = (Stretch((NOW.weekday() + 1) % 7, time(9), time(17)),)
    return made


def test_reasons_are_words_a_person_understands():
    said = [
        eligibility.why_not(desk(1, paused=True, pause_reason="onboarding"), at=NOW),
        eligibility.why_not(desk(1, open=5, open_at_most=5), at=NOW),
        eligibility.why_not(desk(1, today=3, per_day=3), at=NOW),
        eligibility.why_not(desk(1, absences=((NOW, NOW + timedelta(days=2), "On leave"),)), at=NOW),
        eligibility.why_not(desk(1, weight=0), at=NOW),
        eligibility.why_not(desk(1), at=NOW, refused_by=1),
        eligibility.why_not(desk(1), at=NOW),
    ]
    assert said == [
        "paused: onboarding",
        "5 of 5 open",
        "3 of 3 today",
        "away until 19 Nov, On leave",
        "takes no turns",
        "sent this lead back last",
        "",
    ]
