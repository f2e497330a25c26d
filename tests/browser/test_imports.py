"""A file on its way in: every step is accessible, fits, and runs under the strict policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from capture.imports import working
from capture.models import Import, ImportWindow
from tests import factories
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

FILE = (
    "Full name;Emial;Firma;Land;Status;Notiz\n"
    "Ada Byron;ada@firm.example;Firm GmbH;Deutschland;Kunde;Messe\n"
    "Bo Lind;keine Adresse;Other AG;Narnia;Neu;\n"
)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_steps_of_an_import_are_accessible_and_fit(
    open_page: Callable[..., Page], transactional_db: None, width: int, scheme: str
) -> None:
    page = open_page(worlds.cast().mara, width=width, scheme=scheme)

    def fine(words: str) -> None:
        page.get_by_text(words).first.wait_for()
        assert axe_violations(page) == [], words
        assert sideways(page) <= 0, words

    page.goto("/imports/")
    fine("No file imported yet")
    page.get_by_role("link", name="Import a file").click()
    fine("What each row is")
    page.set_input_files(
        "[name=file]", {"name": "messe.csv", "mimeType": "text/csv", "buffer": FILE.encode("cp1252")}
    )
    page.fill("[name=source]", "messe-2026")
    page.get_by_role("button", name="Upload").click()
    fine("Reading the file")
    assert working.work()
    fine("1 guess.")
    page.get_by_role("button", name="Show the first rows").click()
    fine("1 column to look at")
    page.get_by_label("That is right").check()
    page.get_by_role("button", name="Show the first rows").click()
    fine("“Narnia” is no country that we know")
    page.get_by_role("button", name="Check all 2 rows").click()
    fine("Being checked")
    page.goto("/imports/")
    fine("messe.csv")
    one, ada = Import.objects.get(), factories.lead("Ada Byron", title="Head of " + "Operations " * 9)
    ImportWindow.objects.create(of=one, first_row=1, wrote={"leads": [[ada.pk, "digest"]]})
    page.goto(f"/imports/{one.public_id}/leads/")
    fine("Ada Byron")

    page.goto("/imports/new/")
    page.set_input_files("[name=file]", {"name": "old.xlsx", "mimeType": "x/y", "buffer": b"PK\x03\x04"})
    page.fill("[name=source]", "messe-2026")
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("Reading the file").wait_for()
    while working.work():
        pass
    fine("Nothing of this file was kept")
