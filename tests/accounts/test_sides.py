"""Two sides: each signs once, nobody for both, whatever is signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import sides
from accounts.models import Role, User
from accounts.sides import Side

#: Who could sign: (id, role).
PEOPLE = [(n, role) for n, role in enumerate([*Role.values, Role.ADMIN], 1)]


def person(pk: int, role: str) -> User:
    return User(pk=pk, role=role, name=f"Person {pk}")


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(list(Side))), max_size=12))
def test_S1_20_whatever_is_tried_each_side_signs_once_and_nobody_for_both(
    tries: list[tuple[tuple[int, str], Side]],
) -> None:
    signed: dict[str, User] = {}
    for (pk, role), side in tries:
        who = person(pk, role)
        if side in sides.left_to(who, {key: one.pk for key, one in signed.items()}):
            assert not sides.why_not(who, side, signed)
            assert side not in signed
            signed[side] = who
        elif side in sides.of(who, {}):
            assert sides.why_not(who, side, signed)
    assert len({who.pk for who in signed.values()}) == len(signed)
    assert all(who.role in (Role.ADMIN, {"marketing": "marketer", "sales": "manager"}[side])
               for side, who in signed.items())  # fmt: skip


@pytest.mark.parametrize("role", [Role.MARKETER, Role.MANAGER])
def test_S1_20_a_side_may_change_its_mind_but_the_other_is_not_spoken_for(role: Role) -> None:
    (own,) = sides.of(person(1, role), {})
    assert sides.of(person(1, role), {own: 1}) == [own]
    assert sides.of(person(2, Role.ADMIN), {own: 2}) == [own]
    assert sides.left_to(person(2, Role.ADMIN), {own: 2}) == []
