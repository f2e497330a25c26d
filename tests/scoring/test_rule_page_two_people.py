"""Two people on one draft: nobody's work is overwritten unseen, and nothing that was typed is lost."""

import pytest
from django.test import Client

from scoring import drafting, model_file, publishing
from scoring.models import Line, ModelVersion, Rule
from scoring.parts import Place, part_of, stamp
from tests import factories
from tests.factories import NOW
from tests.scoring.rule_desk import PARTS, PREVIEW, RULES, draft_of_live, saved, signed_in, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(factories.admin())


@pytest.fixture
def draft(db: None) -> ModelVersion:
    return draft_of_live()


def test_what_changed_meanwhile_is_shown_and_what_was_typed_is_kept(
    desk: Client, draft: ModelVersion
) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="7", label="Pricing, seen")
    mara = signed_in(factories.marketer())
    mara.post(PARTS, typed(mara.get(RULES + "?rule=pricing"), do="save", points="5"))

    answer = desk.post(PARTS, mine)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "This changed while you were on it." in html
    assert f"Draft {draft.number} was last saved" in html
    assert "by Mara Marker." in html
    assert "Now it is <b>Viewed pricing</b>: Gives 5 points of intent" in html
    assert 'value="Pricing, seen"' in html
    assert saved(draft, "pricing")["points"] == 5

    assert desk.post(PARTS, typed(answer, do="over")).status_code == 302
    assert (saved(draft, "pricing")["points"], saved(draft, "pricing")["label"]) == (7, "Pricing, seen")


def test_mine_goes_over_what_was_shown_and_over_nothing_newer(desk: Client, draft: ModelVersion) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="7")
    mara = signed_in(factories.marketer())
    mara.post(PARTS, typed(mara.get(RULES + "?rule=pricing"), do="save", points="5"))
    shown = desk.post(PARTS, mine)
    mara.post(PARTS, typed(mara.get(RULES + "?rule=pricing"), do="save", points="6"))

    answer = desk.post(PARTS, typed(shown, do="over"))

    assert answer.status_code == 409
    assert "Gives 6 points of intent" in answer.content.decode()
    assert saved(draft, "pricing")["points"] == 6


def intents(draft: ModelVersion) -> list[int | None]:
    return list(draft.lines.filter(stage="sql").order_by("id").values_list("min_intent", flat=True))


def test_a_line_that_moved_up_is_still_the_line_that_was_meant(desk: Client, draft: ModelVersion) -> None:
    Line.objects.create(version=draft, stage="sql", min_intent=30, key="sql-2")
    Line.objects.create(version=draft, stage="sql", min_intent=35, key="sql-3")
    mine = typed(desk.get(RULES + "?line=sql-2"), do="save", min__intent="31")
    delete(draft, Place("line", "sql-1"))

    answer = desk.post(PARTS, mine)

    assert answer.headers["Location"].endswith("line=sql-2")
    assert intents(draft) == [31, 35]


def test_a_save_of_a_line_that_is_gone_lands_on_no_other(desk: Client, draft: ModelVersion) -> None:
    """Another was made in its place meanwhile; “Save as new” brings the one that was meant back."""
    Line.objects.create(version=draft, stage="sql", min_intent=30)
    key = draft.lines.order_by("-id")[0].key
    mine = typed(desk.get(RULES + f"?line={key}"), do="save", min__intent="31")
    delete(draft, Place("line", key))
    desk.post(
        PARTS, typed(desk.get(RULES + "?new=line"), do="save", stage="sql", min__intent="33", leave="0")
    )

    refused = desk.post(PARTS, mine)

    assert refused.status_code == 409
    assert "This was deleted while you were on it." in refused.content.decode()
    assert intents(draft) == [20, 33]
    assert desk.post(PARTS, typed(refused, do="again")).status_code == 302
    assert intents(draft) == [20, 33, 31]


def test_a_line_keeps_its_name_in_the_next_draft_and_in_a_file(draft: ModelVersion) -> None:
    Line.objects.create(version=draft, stage="sql", min_intent=30, key="sql-2")
    draft.lines.filter(stage="sql").order_by("id")[0].delete()
    data = model_file.save(version=draft)
    assert [line.get("key") for line in data["lines"]] == ["mql-1", "sql-2"]
    for other in (publishing.draft_from(version=draft, by=None), model_file.load(data=data)):
        assert model_file.save(version=other)["lines"] == data["lines"]


def delete(draft: ModelVersion, place: Place) -> None:
    part = part_of(model_file.save(version=draft), place)
    drafting.delete_part(version=draft, place=place, seen=stamp(part), by=factories.marketer(), at=NOW)


@pytest.mark.parametrize("kind", ["rule", "line", "trigger", "blocker", "group"])
def test_a_part_that_somebody_deleted_can_be_brought_back(
    desk: Client, draft: ModelVersion, kind: str
) -> None:
    places = {"rule": "pricing", "line": "sql-1", "trigger": "interest", "blocker": "competitor"}
    place = Place(kind, places.get(kind, "spare"))
    desk.post(PARTS, typed(desk.get(RULES + "?new=group"), do="save", name="Spare", cap="9"))
    before = part_of(model_file.save(version=draft), place)
    mine = typed(desk.get(f"{RULES}?{kind}={place.key}"), do="save")
    delete(draft, place)

    answer = desk.post(PARTS, mine)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "This was deleted while you were on it." in html
    assert 'value="again">Save as new' in html
    assert 'popovertarget="delete-part"' not in html
    assert desk.post(PREVIEW, typed(answer)).status_code == 200
    assert desk.post(PARTS, typed(answer, do="again")).status_code == 302
    assert part_of(model_file.save(version=draft), place) == before


def test_deleting_what_is_deleted_already_is_no_quarrel(desk: Client, draft: ModelVersion) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="delete")
    delete(draft, Place("rule", "pricing"))

    assert desk.post(PARTS, mine).status_code == 302


def test_a_save_stays_in_the_draft_it_was_typed_in(desk: Client, draft: ModelVersion) -> None:
    """A colleague makes another draft meanwhile, out of a suggestion."""
    old = typed(desk.get(RULES + "?rule=pricing"), do="save", points="9")
    new = typed(
        desk.get(RULES + "?new=rule"), do="save", label="X", when__0__what="did:form_submitted", points="3"
    )
    publishing.draft_from(version=ModelVersion.objects.live(), by=factories.marketer())

    for form in (old, new):
        page = desk.post(PARTS, form, follow=True)

        assert page.status_code == 200
        assert f'class="tag tag--accent">Draft {draft.number}</span>' in page.content.decode()
    assert saved(draft, "pricing")["points"] == 9


def closed(version: ModelVersion, how: str) -> None:
    if how == "checked":
        publishing.check_draft(version=version, by=None, at=NOW)
    elif how == "published":
        publishing.publish(version=version, by=None, reason="Time for it.", at=NOW)
    else:
        publishing.discard(version=version)


@pytest.mark.parametrize("how", ["checked", "published", "discarded"])
@pytest.mark.parametrize("query", ["?rule=pricing", "?new=rule"])
def test_what_was_typed_in_a_draft_that_closed_goes_into_a_new_one(
    desk: Client, draft: ModelVersion, how: str, query: str
) -> None:
    mine = typed(
        desk.get(RULES + query), do="save", label="Mine", when__0__what="did:pricing_page_view", points="9"
    )
    closed(draft, how)

    refused = desk.post(PARTS, mine)

    html = refused.content.decode()
    assert refused.status_code == 409
    assert "What you typed is below, not saved; save it in a new draft." in html
    assert 'value="again">Save in a new draft' in html
    assert '<fieldset class="all">' in html  # not disabled
    assert " data-unsaved" in html  # leaving asks first
    assert 'value="Mine"' in html
    assert not ModelVersion.objects.filter(state="draft").exists()

    grown = desk.post(PARTS, typed(refused, do="add:when"))
    assert 'value="again">Save in a new draft' in grown.content.decode()
    assert desk.post(PREVIEW, typed(refused)).status_code == 200

    answer = desk.post(PARTS, typed(refused, do="again"), follow=True)

    made = ModelVersion.objects.get(state="draft")
    assert f"in draft {made.number}, which is new." in answer.content.decode()
    key = "pricing" if "pricing" in query else "mine"
    assert (saved(made, key)["label"], saved(made, key)["points"]) == ("Mine", 9)

    # Pressed twice: the second one finds what the first left.
    twice = desk.post(PARTS, typed(refused, do="again"), follow=True)
    assert "That was saved already." in twice.content.decode()
    assert ModelVersion.objects.get(state="draft") == made


def test_the_number_of_a_discarded_draft_is_not_given_again(desk: Client, draft: ModelVersion) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="9")
    publishing.discard(version=draft)
    other = draft_of_live()
    assert other.number == draft.number + 1

    answer = desk.post(PARTS, mine)

    assert answer.status_code == 409
    assert f"Draft {draft.number} was discarded meanwhile." in answer.content.decode()
    assert saved(other, "pricing")["points"] == 4


def test_a_new_draft_is_not_made_over_what_changed_since(desk: Client, draft: ModelVersion) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="9")
    Rule.objects.filter(version=draft, key="pricing").update(points=6)
    closed(draft, "published")

    answer = desk.post(PARTS, typed(desk.post(PARTS, mine), do="again"))

    assert answer.status_code == 409
    html = answer.content.decode()
    assert f"Version {draft.number} says something else</b> than what you began with." in html
    assert "Gives 6 points of intent" in html
    assert not ModelVersion.objects.filter(state="draft").exists()
    assert desk.post(PARTS, typed(answer, do="over")).status_code == 302
    assert saved(ModelVersion.objects.get(state="draft"), "pricing")["points"] == 9
