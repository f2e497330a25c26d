"""A version goes live, who waits is released, and it is rolled back: by clicks, with scripts and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from scoring import model_file, rescoring
from scoring.models import Crossing, ModelVersion, Score
from tests.browser import worlds
from tests.scoring.waiting import held

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def scores() -> list[tuple[int, ...]]:
    figures = ("lead", "fit", "engagement", "intent", "version__number")
    return list(Score.objects.order_by("lead").values_list(*figures))


def work() -> None:
    """What the workers would do after publishing."""
    rescoring.continue_publishing(seconds=10)
    worlds.work()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_publish_release_and_roll_back(open_page: Open, transactional_db: None, scripts: bool) -> None:
    cast, live = worlds.cast(), ModelVersion.objects.live()
    worlds.mqls()
    work()
    before = scores()
    data = model_file.save(version=live)
    easy = {"min": {"fit": 1}, "leave": 1}
    easier = [{**line, **easy} if line["stage"] == "sql" else line for line in data["lines"]]
    model_file.load(data={**data, "lines": easier}, by=cast.mara)
    page = open_page(cast.ada, scripts=scripts)

    page.goto("/rules/versions/")
    page.get_by_role("link", name="Version 2", exact=True).click()
    expect(page.get_by_text("The SQL line asks for fit 1 instead of 20.")).to_be_visible()
    page.get_by_label("Why now?").fill("Reps asked for more")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_text("Version 2 is live. Everybody is scored again")).to_be_visible()
    work()
    waiting = Crossing.objects.held().count()
    assert waiting > 1

    page.goto("/rules/versions/")
    page.get_by_role("link", name="Held crossings").click()
    first = page.locator(".hrow").first
    name = first.get_by_role("link").inner_text()
    first.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Released: 1 lead goes on now.")).to_be_visible()
    expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    page.locator(".hrow").first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Release those ticked").click()
    assert Crossing.objects.filter(released_by=cast.ada).count() == 2

    page.goto("/rules/versions/")
    page.get_by_role("link", name="Bring back version 1").click()
    page.get_by_label("Why?").fill("It brought too many")
    page.get_by_role("button", name="Bring back version 1").click()
    expect(page.get_by_text("Version 1 is live again.")).to_be_visible()
    work()

    assert scores() == before
    page.goto("/rules/crossings/")
    expect(page.get_by_text("Nobody waits")).to_be_visible()
    assert ModelVersion.objects.live() == live


def test_all_of_a_line_are_released_after_saying_what_that_does(
    open_page: Open, transactional_db: None
) -> None:
    cast = worlds.cast()
    for name in ("Ann One", "Ben Two"):
        held(name)
    page = open_page(cast.mara)

    page.goto("/rules/crossings/?stage=sql")
    expect(page.get_by_text("This cannot be taken back.")).to_be_hidden()
    page.get_by_text("Release all 2…").click()
    expect(page.get_by_text("This cannot be taken back.")).to_be_visible()
    page.get_by_role("button", name="Release all 2").click()

    expect(page.get_by_text("Released: 2 leads go on now.")).to_be_visible()
    assert Crossing.objects.filter(released_by=cast.mara).count() == 2
