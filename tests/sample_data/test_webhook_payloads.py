"""Every payload of the sample data becomes the activity that it should: by the presets, and by a mapping that
was only ever pointed at."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from capture.hooks import arranging, inbox, payloads, pointing
from capture.hooks.pointing import Pointed
from capture.models import Hook, InboxItem
from leads import consent
from leads.models import Activity, Lead, LeadExternalId, Visitor
from tests import factories as make
from tests.capture.hooks.posting import hook, post, worked

pytestmark = pytest.mark.django_db

PRESETS = {"postmark": 9, "mailgun": 20, "amazon_ses": 9, "sendgrid": 10}
#: Anymail's words for what happened, and ours.
TYPES = {
    "delivered": "email_delivered", "opened": "email_opened", "clicked": "email_clicked",
    "bounced": "email_bounced", "complained": "spam_complaint", "unsubscribed": "unsubscribed",
    "subscribed": "resubscribed", "deferred": "email_status", "rejected": "email_status",
    "queued": "email_status", "sent": "email_status", "failed": "email_status",
}  # fmt: skip
#: Anymail takes a soft bounce for what Mailgun calls temporary, and so on; these are as they say.
STATUS = ("deferred", "rejected", "queued", "sent", "failed")

Case = dict[str, Any]


def cases(folder: Path, service: str) -> list[Case]:
    found: list[Case] = json.loads((folder / f"webhook-payloads/email/{service}.json").read_text())
    assert len(found) == PRESETS[service]
    return found


def encoded(case: Case) -> tuple[bytes, str]:
    kind = case["content_type"].split(" (")[0]
    if "form" in kind:
        return urlencode(case["payload"], doseq=True).encode(), kind
    return json.dumps(case["payload"]).encode(), kind


def becomes(to: Hook, case: Case) -> list[Activity]:
    """The activities that came of ``case``, with the moment of arrival where it has none."""
    before = set(Activity.objects.values_list("pk", flat=True))
    body, kind = encoded(case)
    assert post(to, body, kind).status_code == 200
    inbox.work()
    return list(Activity.objects.exclude(pk__in=before).select_related("type", "lead").order_by("pk"))


def check(expected: Case, did: list[Activity], case: str) -> None:
    """One of ``did`` is what was expected: type, recipient and time."""
    if "event_type" not in expected and not did:
        return  # the case is about something else, and names nobody
    (one,) = [
        activity for activity in did if activity.lead.email == expected.get("recipient", activity.lead.email)
    ]
    if "event_type" in expected:
        assert one.type.key == TYPES[expected["event_type"]], case
        if expected["event_type"] in STATUS:
            assert one.properties["status"] == expected["event_type"], case
    if "timestamp" in expected:
        assert one.occurred_at == datetime.fromisoformat(expected["timestamp"]), case
    if "click_url" in expected:
        assert one.properties["url"] == expected["click_url"], case


@pytest.mark.parametrize("service", PRESETS)
def test_every_mail_event_becomes_what_anymail_expects_of_it(sample_data: Path, service: str) -> None:
    to = hook(service.replace("_", "-"))
    nobody = 0
    for case in cases(sample_data, service):
        name = case["case"]
        did = becomes(to, case)
        item = InboxItem.objects.filter(hook=to).latest("id")
        if name == "compatibility_message_id_from_smtp_id":  # another case's event again, by its id
            assert (item.state, did) == ("mapped", [])
            continue
        if not did:
            nobody += 1
            assert item.state == "waiting", name
            assert item.reason.startswith("email:"), name
            continue
        assert item.state == "mapped", (name, item.reason)
        check(case["expected"][0], did, name)
    # Those that name no recipient, or one that is no address, wait and say so.
    assert nobody == {"postmark": 1, "mailgun": 4, "amazon_ses": 0, "sendgrid": 1}[service]


def test_a_bounce_of_two_addresses_is_an_activity_of_each(sample_data: Path) -> None:
    case = next(one for one in cases(sample_data, "amazon_ses") if one["case"] == "multiple_bounce_event")
    did = becomes(hook("amazon-ses"), case)
    assert {(one.type.key, one.lead.email) for one in did} == {
        ("email_bounced", "jane@example.com"), ("email_bounced", "richard@example.com"),
    }  # fmt: skip


@pytest.mark.parametrize("service", PRESETS)
def test_a_bounce_for_good_a_complaint_and_an_unsubscribe_say_do_not_mail(
    sample_data: Path, service: str
) -> None:
    to = hook(service.replace("_", "-"))
    for case in cases(sample_data, service):
        for one in becomes(to, case):
            held = consent.current(lead=one.lead).get("email")
            if one.type.key in ("spam_complaint", "unsubscribed"):
                assert held is not None, case["case"]
    off = {lead.email for lead in Lead.objects.all() if "email" in consent.current(lead=lead)}
    assert (
        off
        == {
            "postmark": {"bounce@example.com", "spam@example.com", "john@example.com"},
            "mailgun": {"invalid@example.com", "recipient@example.com", "noreply@example.com"},
            "amazon_ses": {"jane@example.com", "richard@example.com"},
            "sendgrid": {"noreply@example.com"},
        }[service]
    )


def sample(folder: Path, name: str) -> Any:
    return json.loads((folder / "webhook-payloads" / name).read_text())


def test_a_typeform_answer_is_a_form_sent_by_its_email_answer(sample_data: Path) -> None:
    worked(hook("typeform"), sample(sample_data, "forms/typeform_form_response.json"))
    did = Activity.objects.get()
    assert (did.type.key, did.lead.email) == ("form_submitted", "laura@example.com")
    assert did.occurred_at == datetime(2018, 1, 18, 18, 17, 2, tzinfo=UTC)
    assert did.properties["form"] == "Webhooks example"
    assert did.properties["hidden"] == {"user_id": "abc123456"}
    assert len(did.properties["answers"]) == 5


def test_a_calendly_booking_is_a_meeting_at_its_start(sample_data: Path) -> None:
    to = hook("calendly")
    booked = sample(sample_data, "meetings/calendly_v2_invitee_created.json")
    worked(to, booked)
    did = Activity.objects.get()
    assert (did.type.key, did.lead.email, did.lead.name) == (
        "meeting_booked", "dana@lawfirm.test", "Dana Prospect",
    )  # fmt: skip
    assert did.occurred_at == datetime(2026, 7, 1, 15, 0, tzinfo=UTC)
    assert did.lead.phone == "+1 555 0100"
    assert did.properties["answers"][0]["answer"] == "Prospect & Co LLP"

    worked(to, {**booked, "event": "invitee.canceled"})
    assert Activity.objects.latest("pk").type.key == "meeting_cancelled"
    assert Lead.objects.count() == 1


@pytest.mark.parametrize("name", ["facebook_leadgen_webhook", "facebook_leadgen_string_ids"])
def test_a_facebook_lead_waits_until_its_id_is_known(sample_data: Path, name: str) -> None:
    to = hook("facebook-leads")
    item = worked(to, sample(sample_data, f"ads/{name}.json"))
    assert (item.state, Lead.objects.count()) == ("waiting", 0)
    assert item.reason.startswith("Facebook sends the id of the lead only.")

    known = {"facebook_leadgen_string_ids": "1234567890", "facebook_leadgen_webhook": "6276465415920"}
    lead = make.lead()
    LeadExternalId.objects.create(lead=lead, source=to.source.key, external_id=known[name])
    assert inbox.replay(items=InboxItem.objects.all()) == 1
    inbox.work()
    item.refresh_from_db()
    assert (item.state, item.reason) == ("mapped", "")
    did = Activity.objects.get()
    assert (did.type.key, did.lead) == ("form_submitted", lead)
    assert did.occurred_at.timestamp() in (1700000000, 1476740844)


def test_hubspot_changes_wait_for_their_id_and_then_reach_the_lead(sample_data: Path) -> None:
    to = hook("hubspot")
    files = ("contact_creation", "lifecyclestage_change", "property_change", "sensitive_redacted")
    items = [worked(to, sample(sample_data, f"crm/hubspot_webhook_{file}.json")) for file in files]
    assert [item.state for item in items] == ["waiting"] * 4
    lead = make.lead()
    LeadExternalId.objects.create(lead=lead, source="hubspot", external_id="123")
    inbox.replay(items=InboxItem.objects.all())
    inbox.work()

    lead.refresh_from_db()
    assert lead.attributes == {"hubspot_lifecyclestage": "lead"}
    assert [item.state for item in InboxItem.objects.order_by("id")] == [*["mapped"] * 3, "waiting"]
    assert not Activity.objects.exists()


def test_segment_calls_join_the_browser_to_the_person(sample_data: Path) -> None:
    to = hook("segment")
    item = worked(to, sample(sample_data, "analytics/segment_track.json"))
    assert (item.state, item.reason) == ("waiting", "type: No activity type is chosen for “Course Clicked”.")
    bare = worked(to, sample(sample_data, "analytics/segment_track_minimal.json"))
    assert bare.state == "waiting"
    worked(to, sample(sample_data, "analytics/segment_identify.json"))
    lead = Lead.objects.get()
    assert (lead.email, lead.name, lead.city) == ("peter@example.com", "Peter Gibbons", "San Francisco")
    assert (lead.country, lead.attributes) == ("US", {"plan": "premium", "logins": 5})
    assert LeadExternalId.objects.get().external_id == "97980cfea0067"
    assert Visitor.objects.get(anonymous_id="507f191e810c19729de860ea").lead == lead

    mapping = to.mapping
    mapping["kinds"][-1]["type"]["values"]["Course Clicked"] = "content_view"
    to.save()
    inbox.replay(items=InboxItem.objects.filter(pk=item.pk))
    inbox.work()
    did = Activity.objects.get()
    assert (did.type.key, did.visitor.anonymous_id) == (
        "content_view", "23adfd82-aa0f-45a7-a756-24f2a7a4c895",
    )  # fmt: skip
    assert did.occurred_at == datetime(2015, 12, 12, 19, 11, 1, 249000, tzinfo=UTC)
    assert did.properties["properties"] == {"title": "Intro to Analytics"}


#: What one points at on the mapping screen, for each service: where events stand, what tells them apart,
#: whose, when. The first that the sample has.
POINTED: dict[str, dict[str, list[str]]] = {
    "postmark": {
        "events": [""], "when": ["RecordType"], "and": ["SuppressSending", "Type"],
        "email": ["Recipient", "Email"],
        "at": ["BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt"],
    },
    "mailgun": {
        "events": ["event-data", ""], "when": ["event"], "and": ["severity"],
        "email": ["recipient", "message.headers.to"], "at": ["timestamp"],
    },
    "amazon_ses": {
        "events": ["Message{}"], "when": ["notificationType", "eventType"], "and": [],
        "email": [
            "bounce.bouncedRecipients[].emailAddress", "complaint.complainedRecipients[].emailAddress",
            "delivery.recipients[]", "mail.destination[]",
        ],
        "at": ["open.timestamp", "click.timestamp", "$.Timestamp"],
    },
    "sendgrid": {"events": [""], "when": ["event"], "and": [], "email": ["email"], "at": ["timestamp"]},
}  # fmt: skip


def pointed_at(body: Any, folder: str, type_key: str) -> tuple[Pointed, Any]:
    """The choices of somebody who is offered the sample's fields, and nothing but those."""
    names = POINTED[folder]
    events = next(path for path in names["events"] if path in dict(pointing.places(body)))
    event = pointing.event_of(None, body, events)
    offers = {one.path for one in pointing.offered(event, body)}

    def choose(part: str) -> str:
        return next((path for path in names[part] if path in offers), "")

    chosen = Pointed(
        events=events,
        when=[path for path in (choose("when"), choose("and")) if path],
        type=type_key,
        email=choose("email"),
        occurred_at=choose("at"),
        mail="off" if type_key in ("email_bounced", "spam_complaint", "unsubscribed") else "",
    )
    return chosen, event


@pytest.mark.parametrize("service", PRESETS)
def test_every_mail_event_becomes_the_same_when_one_only_points_at_a_sample(
    sample_data: Path, service: str
) -> None:
    to = hook(name="Pointed at")
    waits = 0
    for case in cases(sample_data, service):
        expected = case["expected"][0]
        if "event_type" not in expected or case["case"] == "metadata_key_conflicts":
            continue  # about names of other fields
        raw, kind = encoded(case)
        body = payloads.read(raw.decode(), kind)
        chosen, event = pointed_at(body, service, TYPES[expected["event_type"]])
        made = pointing.kind(chosen, event=event, body=body, label="Pointed")
        mapping = pointing.with_kind(to.mapping, made, events=chosen.events)
        arranging.set_mapping(hook=to, mapping=mapping, at=datetime.now(UTC))
        did = becomes(to, case)
        item = InboxItem.objects.filter(hook=to).latest("id")
        if not did:
            waits += 1
            assert item.reason.startswith("email:"), (case["case"], item.reason)
            continue
        (one,) = [each for each in did if each.lead.email == expected.get("recipient", each.lead.email)]
        assert one.type.key == TYPES[expected["event_type"]], case["case"]
        if "timestamp" in expected:
            assert one.occurred_at == datetime.fromisoformat(expected["timestamp"]), case["case"]
    assert waits == {"postmark": 1, "mailgun": 0, "amazon_ses": 0, "sendgrid": 1}[service]


@pytest.mark.parametrize(
    ("file", "chosen", "who", "at"),
    [
        (
            "forms/typeform_form_response.json",
            Pointed(
                events="form_response", when=["$.event_type"], type="form_submitted",
                email="answers[type=email].email", occurred_at="submitted_at", event_id="token",
            ),
            "laura@example.com", datetime(2018, 1, 18, 18, 17, 2, tzinfo=UTC),
        ),
        (
            "meetings/calendly_v2_invitee_created.json",
            Pointed(
                events="payload", when=["$.event"], type="meeting_booked", email="email", event_id="uri",
                occurred_at="scheduled_event.start_time", name="name",
                company='questions_and_answers[question=Law firm name].answer',
            ),
            "dana@lawfirm.test", datetime(2026, 7, 1, 15, 0, tzinfo=UTC),
        ),
        (
            "analytics/segment_identify.json",
            Pointed(when=["type"], type="form_submitted", email="traits.email", occurred_at="timestamp"),
            "peter@example.com", datetime(2015, 2, 23, 22, 28, 55, 111000, tzinfo=UTC),
        ),
    ],
    ids=["typeform", "calendly", "segment"],
)  # fmt: skip
def test_forms_meetings_and_calls_can_be_pointed_at_too(
    sample_data: Path, file: str, chosen: Pointed, who: str, at: datetime
) -> None:
    body = sample(sample_data, file)
    assert chosen.events in dict(pointing.places(body))
    event = pointing.event_of(None, body, chosen.events)
    offers = {one.path for one in pointing.offered(event, body)}
    paths = [*chosen.when, chosen.email, chosen.occurred_at, chosen.event_id, chosen.name, chosen.company]
    assert {path for path in paths if path} <= offers
    made = pointing.kind(chosen, event=event, body=body, label="Pointed")
    to = hook(mapping=pointing.with_kind(None, made, events=chosen.events))
    item = worked(to, body)

    assert (item.state, item.reason) == ("mapped", "")
    did = Activity.objects.select_related("lead__company").get()
    assert (did.type.key, did.lead.email, did.occurred_at) == (chosen.type, who, at)
    if chosen.company:
        assert (did.lead.name, did.lead.company.name) == ("Dana Prospect", "Prospect & Co LLP")


@pytest.mark.parametrize(
    "file", ["ads/facebook_leadgen_webhook.json", "crm/hubspot_webhook_contact_creation.json"]
)
def test_ids_alone_can_be_pointed_at_and_wait_for_whose_they_are(sample_data: Path, file: str) -> None:
    body = sample(sample_data, file)
    events, path = ("entry[].changes[]", "value.leadgen_id") if "ads" in file else ("", "objectId")
    assert events in dict(pointing.places(body))
    event = pointing.event_of(None, body, events)
    assert path in {one.path for one in pointing.offered(event, body)}
    made = pointing.kind(
        Pointed(events=events, external_id=path, type="form_submitted"), event=event, body=body, label="Id"
    )
    to = hook(mapping=pointing.with_kind(None, made, events=events))
    item = worked(to, body)
    assert item.state == "waiting"
    assert (
        item.reason == f"No lead is known by the id “{6276465415920 if 'ads' in file else 123}” of our-tool."
    )
