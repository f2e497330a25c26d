"""The pages of the reviews: who may, what they say, and what happens when somebody was faster."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff import disputes
from handoff.models import Dispute, RejectReason
from leads.models import Company, Lead, Opportunity
from notifications.models import Notification
from reports.measures import Measure
from reports.models import Review, Todo
from reports.reviews import disagreements, minutes, notes, numbers, preparing, proposals
from scoring import publishing
from scoring.models import ModelVersion
from tests import factories as make
from tests.reports.meetings import IN_THE_WEEK, TUESDAY, checked, deal, offered, prepared, sent_back
from tests.reports.test_reviews import agree, close, deal_of, give_crossings

pytestmark = pytest.mark.django_db


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def max_(db: None) -> User:
    return make.manager()


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def page(review: Review, who: User) -> str:
    answer = signed_in(who).get(reverse("reports:review", args=[review.public_id]))
    assert answer.status_code == 200
    return answer.content.decode()


def url(name: str, *args: object) -> str:
    return reverse(f"reports:{name}", args=args)


def seen(review: Review, who: User) -> str:
    """What the page of ``review`` keeps of its one proposal, to post it with what is decided on it."""
    found = re.search(r'name="seen" value="([^"]+)"', page(review, who))
    assert found
    return found[1]


def test_S1_21_both_sides_read_all_of_it_and_each_has_its_own_buttons(
    sol: User, mara: User, max_: User
) -> None:
    sent_back(sol, name="Viktor Hansson", total=83.0)
    give_crossings()
    deal(sol)
    checked(mara)
    review = prepared()
    for who, side, other in ((mara, "marketing", "sales"), (max_, "sales", "marketing")):
        said = page(review, who)
        for heading in (
            "The numbers we share",
            "Why leads came back",
            "to talk about",
            "Definitions in force",
        ):
            assert heading in said
        assert "Proposed: intent line" in said
        assert "Viktor Hansson" in said
        assert f"Sign for {side}" in said
        assert f"Sign for {other}" not in said
    assert "What marketing does about Too small" in page(review, mara)
    assert 'name="text" maxlength="500" aria-label="What marketing does about' not in page(review, max_)


def test_S1_24_the_page_and_the_file_say_what_a_number_rests_on(sol: User, mara: User, max_: User) -> None:
    agree(Measure.ACCEPTED, 50, mara, max_)
    deal_of(sent_back(sol), 9_000, "EUR")
    deal_of(sent_back(sol, name="Elena Rossi"), 7_000, "USD")
    review = prepared()
    said = page(review, mara)
    assert "of 2</small>" in said
    assert "too few to say" in said
    assert "missed</span>" not in said
    assert "1 deal left out: another currency, or no amount" in said
    file = signed_in(mara).get(url("review-file", review.public_id)).content.decode()
    assert '"Pipeline from MQLs","2026-11-09","9000","","","2","1"' in file
    assert '"Accepted by sales","2026-11-09","0","","","2","0"' in file


def test_S1_21_a_name_of_another_team_is_in_no_file_and_in_no_mail(sol: User, mara: User, max_: User) -> None:
    sent_back(sol, name="Viktor Hansson", total=83.0)
    give_crossings()
    deal(sol, name="Elena Rossi")
    nora = make.manager("Nora North", make.team("Nordics"))
    review = prepared(at=TUESDAY)
    talks = list(review.talks.all())
    assert {str(talk.lead) for talk in talks} == {"Viktor Hansson", "Elena Rossi"}
    for side, by in (("marketing", mara), ("sales", make.admin())):
        disagreements.say(talk=talks[0], by=by, side=side, said="yes", at=TUESDAY)
    open_file = signed_in(nora).get(url("review-file", review.public_id)).content.decode()
    close(review, mara, max_)
    notes.send_owed(at=TUESDAY)
    for who, is_told in ((nora, False), (mara, True)):
        (mail,) = Notification.objects.filter(recipient=who, key=f"review:{review.public_id}:notes")
        for text in (open_file, page(review, nora)) if who == nora else ():
            assert not any(str(talk.lead) in text for talk in talks)
        assert all((str(talk.lead) in mail.body) == is_told for talk in talks)
        assert ("A lead of another team" in mail.body) != is_told


def test_S1_21_reps_do_not_come_and_strangers_sign_in(sol: User) -> None:
    offered(sol)
    review = prepared()
    rep = signed_in(sol)
    for path in (url("reviews"), url("newest-weekly"), url("review", review.public_id)):
        assert rep.get(path).status_code == 403
        assert Client().get(path).status_code == 302
    assert rep.post(url("review-signature", review.public_id), {"side": "sales"}).status_code == 403
    assert rep.post(url("review-preparation"), {"kind": "weekly"}).status_code == 403


def test_S1_21_it_is_prepared_by_hand_and_the_rail_leads_to_the_newest(sol: User, mara: User) -> None:
    client = signed_in(mara)
    assert client.get(url("newest-weekly")).headers["Location"] == url("reviews")
    assert "Prepare it now" in client.get(url("reviews")).content.decode()
    client.post(url("review-preparation"), {"kind": "weekly"})
    client.post(url("review-preparation"), {"kind": "weekly"})
    review = Review.objects.get()
    assert review.prepared_by == mara
    assert client.get(url("newest-weekly")).headers["Location"] == url("review", review.public_id)
    assert client.post(url("review-preparation"), {"kind": "yearly"}).status_code == 404


def test_S1_21_a_manager_does_not_read_leads_of_other_teams(sol: User, mara: User) -> None:
    sent_back(sol, name="Viktor Hansson", total=83.0)
    give_crossings()
    review = prepared()
    talk = review.talks.get()
    nora = make.manager("Nora North", make.team("Nordics"))
    said = page(review, nora)
    assert "Viktor Hansson" not in said
    assert "A lead of another team" in said
    word = url("review-word", review.public_id, talk.public_id)
    assert signed_in(nora).post(word, {"side": "sales", "said": "yes"}).status_code == 404
    assert not Dispute.objects.exists()


def test_S1_21_the_second_click_makes_the_line_live_and_the_page_says_so(
    sol: User, mara: User, max_: User
) -> None:
    offered(sol)
    version = checked(mara)
    review = prepared()
    sign = url("review-proposal-signature", review.public_id, review.proposals.get().public_id)
    assert signed_in(mara).post(sign, {"side": "sales"}).status_code == 403
    assert signed_in(mara).post(sign, {"side": "other"}).status_code == 404
    signed_in(mara).post(sign, {"side": "marketing", "seen": seen(review, mara)})
    assert "Agree, live at once" in page(review, max_)
    agrees = {"side": "sales", "seen": seen(review, max_)}
    answer = signed_in(max_).post(sign, agrees, follow=True)
    assert f"{version} is live." in answer.content.decode()
    assert ModelVersion.objects.live() == version
    assert signed_in(max_).post(sign, agrees).status_code == 409


@pytest.mark.parametrize("is_priced_anew", [True, False])
def test_S1_21_an_old_page_makes_nothing_live_that_was_edited_since(
    sol: User, mara: User, max_: User, is_priced_anew: bool
) -> None:
    offered(sol)
    version = checked(mara)
    review = prepared()
    proposal = review.proposals.get()
    sign = url("review-proposal-signature", review.public_id, proposal.public_id)
    proposals.sign(proposal=proposal, by=mara, side="marketing", at=TUESDAY)
    old = {"side": "sales", "seen": seen(review, max_)}  # intent line 22, Agree, live at once

    edited(version, intent=26, at=TUESDAY + timedelta(minutes=5))
    publishing.sign(version=version, side="marketing", by=mara, at=TUESDAY + timedelta(minutes=6))
    if is_priced_anew:
        preparing.prepare_due(at=TUESDAY + timedelta(minutes=7))
    answer = signed_in(max_).post(sign, old)
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "was checked again" in said
    assert ModelVersion.objects.live() != version
    assert not version.sign_offs.filter(side="sales").exists()
    assert ("Agree, live at once" in said) == ("Proposed: intent line 26" in said) == is_priced_anew

    if is_priced_anew:
        signed_in(max_).post(sign, {"side": "sales", "seen": seen(review, max_)})
        assert ModelVersion.objects.live() == version
    else:
        with pytest.raises(proposals.Gone, match="its price is worked out anew"):
            proposals.sign(proposal=proposal, by=max_, side="sales", at=TUESDAY + timedelta(minutes=7))


def test_S1_21_an_old_page_signs_no_price_that_was_worked_out_over_other_rules_since(
    sol: User, mara: User, max_: User
) -> None:
    offered(sol)
    version, other = checked(mara, intent=25), checked(mara, intent=22)
    review = prepared()
    proposal = review.proposals.get(version=version)
    sign = url("review-proposal-signature", review.public_id, proposal.public_id)
    proposals.sign(proposal=proposal, by=mara, side="marketing", at=TUESDAY)
    old = {"side": "sales", "seen": seen(review, max_)}
    publishing.publish(version=other, by=None, reason="Meanwhile", at=TUESDAY)
    preparing.prepare_due(at=TUESDAY + timedelta(minutes=5))

    answer = signed_in(max_).post(sign, old)
    assert answer.status_code == 409
    assert "its price worked out anew, since you read it" in answer.content.decode()
    assert ModelVersion.objects.live() == other
    assert not version.sign_offs.filter(side="sales").exists()


def test_S1_21_a_press_that_does_not_say_what_it_saw_signs_nothing(sol: User, mara: User) -> None:
    offered(sol)
    version = checked(mara)
    review = prepared()
    sign = url("review-proposal-signature", review.public_id, review.proposals.get().public_id)
    assert signed_in(mara).post(sign, {"side": "marketing"}).status_code == 409
    assert not version.sign_offs.exists()


def edited(version: ModelVersion, *, intent: int, at: datetime) -> None:
    """Reopened, with another intent line, and checked again."""
    publishing.reopen(version=version)
    version.lines.filter(stage="sql").update(min_intent=intent)
    publishing.check_draft(version=version, by=version.created_by, at=at)


def test_S1_21_what_both_signed_on_the_page_of_the_version_is_made_live_with_a_click(
    sol: User, mara: User, max_: User
) -> None:
    offered(sol)
    version = checked(mara)
    review = prepared()
    for by, side in ((mara, "marketing"), (max_, "sales")):
        assert "Make it live" not in page(review, by)
        publishing.sign(version=version, side=side, by=by, at=timezone.now())
    for by in (mara, max_):
        said = page(review, by)
        assert "Make it live" in said
        assert "signed by both" in said
        assert "needs </span>" not in said
    go = url("review-proposal-live", review.public_id, review.proposals.get().public_id)
    assert signed_in(sol).post(go).status_code == 403
    old, at = {"seen": seen(review, mara)}, timezone.now()
    edited(version, intent=26, at=at)
    for by, side in ((mara, "marketing"), (max_, "sales")):
        publishing.sign(version=version, side=side, by=by, at=at)
    preparing.prepare_due(at=timezone.now())
    refused = signed_in(mara).post(go, old)
    assert refused.status_code == 409
    assert "Proposed: intent line 26" in refused.content.decode()
    assert ModelVersion.objects.live() != version

    now = {"seen": seen(review, mara)}
    answer = signed_in(mara).post(go, now, follow=True)
    assert f"{version} is live." in answer.content.decode()
    assert ModelVersion.objects.live() == version
    assert signed_in(max_).post(go, now).status_code == 409


def test_S1_21_what_was_typed_is_kept_where_somebody_was_faster(sol: User, mara: User) -> None:
    sent_back(sol)
    review, ada = prepared(), make.admin()
    answers = url("review-answers", review.public_id)
    signed_in(mara).post(answers, {"about": "too_small", "text": "Stop the ads", "instead_of": ""})
    late = signed_in(ada).post(answers, {"about": "too_small", "text": "My words", "instead_of": ""})
    assert late.status_code == 409
    said = late.content.decode()
    assert "Mara Marker answered meanwhile" in said
    assert 'value="My words"' in said
    assert signed_in(ada).post(answers, {"about": "moon", "text": "x"}).status_code == 409


def test_S1_21_to_dos_are_added_ticked_off_and_refused_without_words(sol: User, mara: User) -> None:
    offered(sol)
    review, client = prepared(), signed_in(mara)
    todos = url("review-todos", review.public_id)
    assert client.post(todos, {"text": "", "owner": "both"}).status_code == 422
    client.post(todos, {"text": "Ask staff size", "owner": "marketing", "due_on": "2026-11-20"})
    todo = Todo.objects.get()
    assert "Marketing, by Fri 20 Nov" in page(review, mara)
    client.post(url("todo-done", todo.public_id), {"done": "1"})
    todo.refresh_from_db()
    assert todo.done_by == mara
    client.get(url("reviews"))  # takes the message with it
    assert "Ask staff size" not in client.get(url("reviews")).content.decode()


@pytest.mark.parametrize(("there", "said"), [(50, ""), (53, "And 3 more, due later or on no day")])
def test_S1_21_open_to_dos_that_are_not_listed_are_counted(
    sol: User, mara: User, there: int, said: str
) -> None:
    offered(sol)
    review = prepared()
    Todo.objects.bulk_create(
        Todo(review=review, text=f"To do {n}", by=mara, at=TUESDAY) for n in range(there)
    )
    shown = signed_in(mara).get(url("reviews")).content.decode()
    assert shown.count("<bdi>To do ") == 50
    assert said in shown
    assert ("more, due later" in shown) == bool(said)


@pytest.mark.parametrize("day", ["1900-01-01", "2026-11-15", "2999-01-01"])
def test_S1_21_a_to_do_by_a_day_that_cannot_be_is_refused_beside_it(sol: User, mara: User, day: str) -> None:
    offered(sol)
    review = prepared()
    todos = url("review-todos", review.public_id)
    answer = signed_in(mara).post(todos, {"text": "Ask staff size", "owner": "both", "due_on": day})
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "Say a day after 15 November 2026 and within a year." in said
    assert 'value="Ask staff size"' in said
    assert not Todo.objects.exists()


def test_S1_21_a_closed_review_has_no_buttons_and_refuses_every_one(
    sol: User, mara: User, max_: User
) -> None:
    sent_back(sol)
    checked(mara)
    review = prepared()
    proposal = review.proposals.get()
    close(review, mara, max_, at=timezone.now())
    said = page(review, mara).split("<main")[1].split("</main")[0]
    assert "<form" not in said
    assert "Nothing on it changes any more" in said
    client = signed_in(mara)
    for path, data in (
        (url("review-answers", review.public_id), {"about": "too_small", "text": "Late"}),
        (url("review-todos", review.public_id), {"text": "Late", "owner": "both"}),
        (url("review-not-yet", review.public_id, proposal.public_id), {"side": "marketing", "note": "Late"}),
        (url("review-signature", review.public_id), {"side": "sales"}),
    ):
        assert client.post(path, data).status_code in (403, 409), path


def test_S1_21_what_becomes_of_leads_later_changes_nothing_on_a_closed_review(
    sol: User, mara: User, max_: User
) -> None:
    disputed = sent_back(sol, name="Gareth Lloyd", at=IN_THE_WEEK - timedelta(days=20))
    raised = disputes.dispute(verdict=disputed, by=mara, note="He asked twice.", at=TUESDAY)
    sent_back(sol, name="Viktor Hansson", total=83.0)
    found = deal(sol, amount=10_000)
    company = make.company(name="Skåne Larm", employees=45)
    Lead.objects.update(company=company)
    give_crossings()
    review = prepared()
    nora = make.manager("Nora North", make.team("Nordics"))
    close(review, mara, max_)
    before, of_another_team = talks_on(review, mara), talks_on(review, nora)
    for said in ("Sol Seller made a deal of €10", "Skåne Larm, 45 staff", "He asked twice.", "Demo +25"):
        assert said in before
        assert said not in of_another_team

    Opportunity.objects.filter(pk=found.pk).update(
        amount=18_000, outcome="won", closed_at=TUESDAY, owner=make.rep("Somebody else")
    )
    Company.objects.update(name="Other AB", employees=450)
    Dispute.objects.filter(pk=raised.pk).update(note="Not any more.")
    RejectReason.objects.update(label="Another label")
    assert talks_on(review, mara) == before
    assert talks_on(review, nora) == of_another_team


def talks_on(review: Review, who: User) -> str:
    return page(review, who).split('<section id="talk"')[1].split("</section>")[0]


def test_S1_19_the_reminder_leads_to_the_model_review(sol: User, mara: User) -> None:
    review = prepared(kind="monthly")
    found = signed_in(mara).get(url("newest-monthly"))
    assert found.headers["Location"] == url("review", review.public_id)
    said = page(review, mara)
    assert "Was it right?" in said
    assert "What follows for" in said


def test_S1_21_a_word_that_agrees_with_sales_is_not_called_a_dispute(
    sol: User, mara: User, max_: User
) -> None:
    sent_back(sol, name="Viktor Hansson", total=83.0)
    sent_back(sol, name="Elena Rossi", total=70.0)
    give_crossings()
    review = prepared()
    of = {str(talk.lead): talk for talk in review.talks.all()}
    disagreements.say(talk=of["Viktor Hansson"], by=max_, side="sales", said="no", at=TUESDAY)
    disagreements.say(talk=of["Elena Rossi"], by=mara, side="marketing", said="yes", at=TUESDAY)
    said = signed_in(mara).get(reverse("handoff:disputes")).content.decode()
    assert "Max Manager says that it was no SQL, as sales did; it waits for the other side:" in said
    assert "Max Manager disputes it" not in said
    assert "Mara Marker disputes it:" in said

    following = page(prepared(at=TUESDAY + timedelta(days=7)), mara)
    assert following.count("Marketing, disputed") == 1
    assert following.count("Not settled before") == 1


def test_S1_21_what_did_not_change_has_no_arrow(sol: User) -> None:
    for number in range(3):
        sent_back(sol, name=f"Lead {number}")
        sent_back(sol, name=f"Before {number}", at=IN_THE_WEEK - timedelta(days=7))
    review = prepared()
    handoffs = next(
        row
        for row in map(numbers.row, minutes.thawed(review.figures)["numbers"])
        if row.measure == "handoffs"
    )
    assert (handoffs.now, handoffs.before) == ("3", "3")
    assert handoffs.change is not None
    assert (handoffs.change.text, handoffs.change.icon, handoffs.change.word) == ("0", "minus", "the same")


def test_S1_21_a_to_do_says_that_it_is_overdue_and_in_which_year(sol: User, mara: User) -> None:
    offered(sol)
    review, today = prepared(), timezone.localdate()
    for text, due_on in (
        ("Late", today - timedelta(days=1)),
        ("Today", today),
        ("Far off", today.replace(year=today.year + 1, month=1, day=5)),
    ):
        Todo.objects.create(review=review, text=text, due_on=due_on, by=mara, at=TUESDAY)
    for said in (page(review, mara), signed_in(mara).get(url("reviews")).content.decode()):
        late, on_day, far = (said.split(f"<bdi>{text}</bdi>")[1].split("</li>")[0] for text in
                             ("Late", "Today", "Far off"))  # fmt: skip
        assert "overdue" in late
        assert "overdue" not in on_day
        assert f"by 5 Jan {today.year + 1}" in far
        assert "overdue" not in far
    todo = Todo.objects.get(text="Late")
    Todo.objects.filter(pk=todo.pk).update(done_at=timezone.now(), done_by=mara)
    assert "overdue" not in page(review, mara)
