"""Take what somebody sent with a form: write it down once, and make a lead and an activity of it, unless it
looks like a robot's.

An anonymous post can claim to be anybody, so it only adds: what is known of a lead stays as it is, and what
was typed stays with the submission.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from capture import arrivals, channels, intake
from capture.arrivals import Became, TurnedAway
from capture.channels import Channel
from capture.companies import IncomingCompany
from capture.models import ConsentWording, Source, Submission, WebForm, WebFormField
from capture.upserting import IncomingLead, upsert
from leads import consent
from leads.models import Activity, Company, ConsentEvent, Lead, Visitor
from leads.ticks import tick

from . import suspecting
from .suspecting import Evidence

Fills = WebFormField.Fills
#: What fills a line of a lead.
_LINES = (Fills.NAME, Fills.TITLE, Fills.PHONE, Fills.COUNTRY, Fills.CITY)
_ABOUT_COMPANY = (Fills.COMPANY, Fills.DOMAIN, Fills.EMPLOYEES, Fills.INDUSTRY)


@dataclass(frozen=True, slots=True)
class Sent:
    """One post, checked: the ``answers`` by key, the words that were agreed to, where it ``came`` from and
    whose browser it is, as far as we may know."""

    answers: Mapping[str, Any]
    wording: ConsentWording | None
    came: Mapping[str, Any]
    anonymous_id: str
    evidence: Evidence


def take(*, form: WebForm, sent: Sent, at: datetime) -> None:
    """Write down ``sent``, which arrived ``at``, and count it. The same answers from the same page are stored
    once. What looks like a robot's is held, and refused where its network has enough held; all else becomes a
    lead and an activity at once."""
    key = _key(sent, at)

    def take_it() -> None:
        if Submission.objects.filter(web_form=form, key=key).exists():
            _count(form, Became(duplicates=1), at)
            return
        signals = suspecting.signals(form=form, evidence=sent.evidence, answers=sent.answers, at=at)
        if signals and suspecting.holds_enough(form=form, network=sent.evidence.network, at=at):
            _count(form, Became(refused=[TurnedAway("", suspecting.ENOUGH, dict(sent.answers))]), at)
            return
        submission = Submission.objects.create(
            web_form=form,
            key=key,
            page_key=sent.evidence.stamp.key if sent.evidence.stamp else "",
            submitted_at=at,
            state=Submission.State.HELD if signals else Submission.State.TAKEN,
            signals=signals,
            email=sent.answers["email"],
            answers=dict(sent.answers),
            came=dict(sent.came),
            anonymous_id=sent.anonymous_id,
            network=sent.evidence.network,
            with_script=bool(sent.evidence.proof),
            consent=sent.wording,
        )
        if signals:
            _count(form, Became(held=1), at)
        else:
            make_of(submission)
            _count(form, Became(accepted=1), at)

    intake.retried(take_it)


def refuse(*, form: WebForm, faults: list[tuple[str, str]], typed: Mapping[str, str], at: datetime) -> None:
    """Count a post that could not be taken: ``faults`` are fields and why. One post is one item."""
    field, reason = faults[0] if faults else ("", "Could not be read.")
    with transaction.atomic():
        _count(form, Became(refused=[TurnedAway(field, reason, dict(typed))]), at)


def _count(form: WebForm, became: Became, at: datetime) -> None:
    arrivals.note(source=form.key, kind=Source.Kind.FORM, became=became, at=at)


def _key(sent: Sent, at: datetime) -> str:
    """The same for the same answers from the same page; of a post that names no page, within an hour from the
    same network."""
    evidence = sent.evidence
    page = evidence.stamp.key if evidence.stamp else f"{evidence.network} {at:%Y-%m-%d %H}"
    said = [page, sent.answers, sent.wording.pk if sent.wording else 0, evidence.trap]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def make_of(submission: Submission) -> None:
    """Make a lead and an activity of ``submission`` as of when it was sent, and keep whose it is. Call it in
    ``intake.retried``."""
    form, at = submission.web_form, submission.submitted_at
    event = intake.read(_item(submission), index=0, at=at)
    stored = intake.store([event], None, form.key, at)
    if stored.refused:
        raise RuntimeError(f"A submission was refused: {stored.refused[0]}")
    whose = Activity.objects.filter(source=form.key, event_id=event.event_id).values("lead")
    lead = Lead.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=whose).first()
    if lead is None:  # merged into another meanwhile: the database refuses the activity, and all begins again
        connection.check_constraints()
        raise RuntimeError(f"Nobody has the activity of submission {submission.pk}.")
    if lead.source == form.key and lead.created_at == at:
        _tell_source(lead, submission)
    _fill(lead, submission)
    _agree(lead, submission)
    submission.lead = lead
    submission.save(update_fields=["lead", "mail_due_at"])
    tick("leads_changed")


def _item(submission: Submission) -> dict[str, Any]:
    """The activity, as ``intake`` reads events."""
    form, came = submission.web_form, submission.came
    said = {"form": form.key, "title": form.offer_name or str(form), **_brought(came)}
    if form.offer_url:
        said["offer"] = form.offer_url
    if message := submission.answers.get(Fills.MESSAGE):
        said["message"] = message
    said |= {name: came[name] for name in ("url", "path") if came.get(name)}
    return {
        "event_id": str(submission.public_id),
        "type": form.type.key,
        "occurred_at": submission.submitted_at.isoformat(),
        "email": submission.email,
        "anonymous_id": submission.anonymous_id or None,
        "properties": said,
    }


def _brought(came: Mapping[str, Any]) -> dict[str, str]:
    """What brought the visitor to the page with the form; {} where nothing says so."""
    tags: Mapping[str, str] = came.get("tags") or {}
    channel = channels.channel(tags=tags, referrer=came.get("referrer", ""))
    if channel == Channel.DIRECT:
        return {}
    return {**{name: text for name, text in tags.items() if name in channels.TAGS}, "channel": channel.value}


def _tell_source(lead: Lead, submission: Submission) -> None:
    """A new lead whose first visit we saw comes from there already; another one from what brought them to the
    form, if anything did."""
    visited = Visitor.objects.filter(lead=lead).exclude(channel="").exists()
    if not visited and (brought := _brought(submission.came)):
        campaign = " ".join(brought.get("utm_campaign", "").split())[:120]
        Lead.objects.filter(pk=lead.pk).update(source=brought["channel"], campaign=campaign)


def _fill(lead: Lead, submission: Submission) -> None:
    """Keep what was not known of the lead; nothing that is known is overwritten, of its company neither."""
    said = submission.answers
    fields = {one.key: one for one in WebFormField.objects.filter(web_form=submission.web_form_id)}
    # By the address it was sent with, which may be an old one of a lead that has none now.
    incoming = IncomingLead(email=submission.email, may_create=False)
    made = _employer_made(lead, submission)
    about: dict[str, Any] = {}
    for key, answer in said.items():
        fills = fields[key].fills if key in fields else key
        if fills in _LINES and not getattr(lead, fills):
            incoming.lines[fills] = str(answer)
        elif fills in _ABOUT_COMPANY:
            about[fills] = answer
        elif fills == Fills.OWN and lead.attributes.get(key) in (None, ""):
            incoming.attributes[key] = answer
    if about and (made or (lead.company_id is None and about.keys() & {Fills.COMPANY, Fills.DOMAIN})):
        incoming.company = _company(about, made)
    if incoming.lines or incoming.attributes or incoming.company:
        upsert(incoming=[incoming], source=submission.web_form.key, at=submission.submitted_at)
    if made and not Lead.objects.filter(company=made).exists():
        made.delete()  # another was named


def _employer_made(lead: Lead, submission: Submission) -> Company | None:
    """The company that ``submission`` made by the domain of its address: of it nothing is known yet."""
    at, company = submission.submitted_at, lead.company
    return company if company and company.created_at == at == lead.created_at else None


def _company(about: Mapping[str, Any], made: Company | None) -> IncomingCompany:
    """The company that is named: a known one as it is, a new one with what is said of it, which is the one
    that was ``made`` unless another domain is said."""
    name, domain = str(about.get(Fills.COMPANY, "")), about.get(Fills.DOMAIN)
    known = Company.objects.filter(domain=domain).first() if domain else None
    if known is None and name:
        namesakes = Company.objects.alias(lower=Lower("name")).filter(lower=name.lower())
        known = namesakes.order_by("pk").first()
        if known and domain and known.domain not in (None, domain):
            known = None
    if known is not None and known != made:
        return IncomingCompany(domain=known.domain) if known.domain else IncomingCompany(name=known.name)
    if made is not None:
        domain = domain or made.domain
    facts = {key: about[key] for key in (Fills.EMPLOYEES, Fills.INDUSTRY) if key in about}
    return IncomingCompany(name=name, domain=domain, facts={str(key): value for key, value in facts.items()})


def _agree(lead: Lead, submission: Submission) -> None:
    """Write down a consent, or ask for its confirmation by mail. Who withdrew it once does not agree again by
    a form that anybody can send in their name: only the mailbox's owner does, by the link."""
    if submission.consent is None:
        return
    if submission.web_form.confirms:
        submission.mail_due_at = timezone.now()
        tick("confirmations")
    elif not has_withdrawn(lead):
        agree(lead, submission, at=submission.submitted_at)


def has_withdrawn(lead: Lead) -> bool:
    held = consent.current(lead=lead).get(ConsentEvent.Channel.EMAIL)
    return held is not None and not held.granted


def agree(lead: Lead, submission: Submission, *, at: datetime) -> None:
    """Write down the consent to the very words that ``submission`` agreed to. Safe to repeat."""
    if submission.consent is not None:
        consent.record(
            lead=lead,
            channel=ConsentEvent.Channel.EMAIL,
            granted=True,
            at=at,
            source=submission.web_form.key,
            text=submission.consent.text,
        )
