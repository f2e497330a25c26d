"""Numbers as people and tools write them: a range or a comma in the wrong place costs nobody their row."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

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
