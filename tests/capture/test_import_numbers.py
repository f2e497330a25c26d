"""Numbers as people and tools write them: a range or a comma in the wrong place costs nobody their row."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from capture import values
from capture.cleaning import Refused
from leads.models import Lead
from tests import factories
from tests.capture.importing import counts, imported

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12", 12),
        ("1,200", 1200),
        ("1.200", 1200),
        ("1 200", 1200),
        ("1'200", 1200),
        ("51-200", 51),
        ("51 – 200", 51),
        ("1,001-5,000", 1001),
        ("1.001 bis 5.000", 1001),
        ("200 to 500 employees", 200),
        ("10,001+", 10_001),
        ("> 500", 500),
        ("ca. 50 Mitarbeiter", 50),
    ],
)
def test_the_size_of_a_company_is_read_as_tools_write_it(written: str, meant: int) -> None:
    assert values.staff(written, "Staff", 10_000_000) == meant


@pytest.mark.parametrize("written", ["many", "51-", "12.5", "-5", "1,2,3", "NaN", "12 34"])
def test_what_is_no_size_is_refused_by_the_name_of_its_column(written: str) -> None:
    with pytest.raises(Refused, match="Staff: "):
        values.staff(written, "Staff", 10_000_000)


#: What sizes are put together of, and what does not belong there.
SCRAPS = ("1", "23", "456", ".", ",", "'", " ", "\u00a0", "\t", "-", "–", "to", "bis", "+", "or more")
WORDS = ("ca.", "Ca", "about", ">", "employees", "staff", "x")
BEFORE, BETWEEN = ("ca.", "ca", "about", "over", "über", ">", "~", "≥"), ("-", "–", "—", "to", "bis")
DIGITS_AND_SUCH = "0123456789.,' \u00a0"


def without(text: str, words: tuple[str, ...]) -> str:
    """``text`` without the first of ``words`` that it begins with, and the blanks around that."""
    text = text.lstrip()
    return next((text[len(word) :] for word in words if text.startswith(word)), text).lstrip()


def lower_end(written: str) -> str:
    """The figure of a size, step by step from the left; "" for none."""
    rest = written.lower()
    rest = (rest if rest[:1].isspace() else without(rest, BEFORE)).lstrip()
    after = rest.lstrip(DIGITS_AND_SUCH)
    figure = rest[: len(rest) - len(after)].rstrip(" \u00a0")
    if not (figure[:1].isdigit() and figure[-1:].isdigit()):
        return ""
    after = after.lstrip()
    upper = without(after, BETWEEN)
    if upper != after and upper[:1].isdigit():
        after = upper.lstrip(DIGITS_AND_SUCH)
    else:
        after = without(after, ("+", "or more"))
    return "" if without(after, ("employees", "people", "staff", "mitarbeiter")) else figure


def outcome(read: Any, *arguments: Any) -> Any:
    try:
        return read(*arguments, "Staff", 10_000_000)
    except Refused:
        return None


def scraps(*those: str, most: int = 1) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(those), max_size=most).map("".join)


GROUPED = st.builds(
    str.join,
    st.sampled_from(DIGITS_AND_SUCH[10:]),
    st.lists(st.sampled_from(("1", "456")), min_size=1, max_size=3),
)
FIGURES = GROUPED | scraps(*SCRAPS[:8], most=5)
PARTS = (scraps(*BEFORE), FIGURES, scraps(*BETWEEN, "+", "or more"), FIGURES, scraps(" employees", "Staff"))


@given(st.tuples(*PARTS).map("".join) | scraps(*SCRAPS, *WORDS, most=12))
def test_the_size_of_a_company_is_what_a_reader_from_left_to_right_makes_of_it(written: str) -> None:
    assert outcome(values.staff, written) == outcome(values.whole, lower_end(written) or written)


@pytest.mark.parametrize("written", ["1" + " " * 100_000 + "x", "1 " * 50_000 + "x", "1" * 101])
@pytest.mark.parametrize(
    "read",
    [
        lambda found: values.staff(found, "Staff", 10_000_000),
        lambda found: values.whole(found, "Staff", 10_000_000),
        lambda found: values.amount(found, "Staff", Decimal(10**15)),
        lambda found: values.number(found, "Staff"),
    ],
    ids=["staff", "whole", "amount", "number"],
)
def test_a_cell_longer_than_any_number_is_refused_before_any_pattern_reads_it(
    read: Any, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = [name for name, it in vars(values).items() if isinstance(it, re.Pattern)]
    assert len(patterns) >= 6
    for name in patterns:
        monkeypatch.setattr(values, name, None)

    with pytest.raises(Refused, match=r"Staff: .* is too long for a number"):
        read(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("EUR 1 234,50", "1234.50"),
        ("CHF 1’234.50", "1234.50"),
        ("$1,200", "1200.00"),
        ("1.234", "1234.00"),
        ("0.125", "0.12"),
        ("12,5", "12.50"),
        ("1e3", "1000.00"),
    ],
)
def test_money_is_read_with_points_or_commas_and_its_currency(written: str, meant: str) -> None:
    assert values.amount(written, "Revenue", Decimal(10**15)) == Decimal(meant)


@pytest.mark.parametrize("written", ["abc", "-5", "1.2.3,4", "NaN", "Infinity", "€", "12 345 67"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(Refused, match="is not an amount"):
        values.amount(written, "Revenue", Decimal(10**15))


@pytest.mark.parametrize(
    ("written", "meant"), [("1.234", 1.234), ("1,234", 1234), ("12,5", 12.5), ("1.234.567", 1_234_567)]
)
def test_a_number_of_our_own_keeps_its_point(written: str, meant: float) -> None:
    assert values.number(written, "Seats") == meant


def test_a_person_whose_company_has_51_to_200_people_is_taken(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client.force_login(factories.marketer())
    file = "Email;Company;Number of Employees;Annual Revenue\nada@firm.example;Firm;51-200;1.234,50 €\n"

    one = imported(client, file.encode())

    assert counts(one) == (1, 0, 0, 0)
    firm = Lead.objects.get().company
    assert firm is not None
    assert (firm.employees, firm.revenue) == (51, Decimal("1234.50"))
