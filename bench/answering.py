"""S16: whether the time of an answer tells who is known."""

import random
import time
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bench.measuring import Line, Times, spell
from capture.models import Submission
from capture.webforms import arranging, stamps, starters
from leads.models import Lead

#: Of forms sent with a known and an unknown address.
PAIRS = 300


def known_and_unknown() -> list[Line]:
    """S16: whether the time of an answer tells if an address is known. A form is sent with known addresses
    and with new ones, in turn."""
    by = User.objects.filter(role="admin").first() or User.objects.create_user(
        email="bench@bench.example", role="admin", name="Bench"
    )
    form = arranging.make(name="Bench S16", starter=starters.BLANK, by=by, at=timezone.now())
    asked, opened = [one.key for one in form.fields.all()], timezone.now() - timedelta(seconds=30)
    known = [lead.email or "" for lead in Lead.objects.exclude(email=None).order_by("-pk")[:PAIRS]]
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number, email in enumerate(known):
        pair = [("known", email), ("unknown", f"new{number}@{email.partition('@')[2]}")]
        for which, address in random.Random(number).sample(pair, 2):
            stamp = stamps.make(form=form, asked=asked, came={}, at=opened)
            sent = {"email": address, "_stamp": stamp, "_proof": stamps.proof(stamp)}
            visitor = Client(SERVER_NAME="localhost", REMOTE_ADDR=f"10.0.{number // 250}.{number % 250}")
            start = time.perf_counter()
            answer = visitor.post(f"/f/{form.key}/", sent)
            times[which].append(time.perf_counter() - start)
            if answer.status_code != 302:
                raise RuntimeError(f"The form answered {answer.status_code}.")
    Submission.objects.filter(web_form=form).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_activity WHERE source = %s", [form.key])
        cursor.execute("DELETE FROM leads_changedlead")
        cursor.execute("DELETE FROM leads_lead WHERE source = %s OR email LIKE 'new%%@%%'", [form.key])
    form.source.delete()
    floor, measured = Times(times["unknown"]), Times(times["known"])
    return [
        Line(
            id="S16",
            what=f"a form sent with an unknown and a known address, {len(known)} times each, in turn",
            floor=f"unknown p50 {spell(floor.median)}",
            measured=f"known p50 {spell(measured.median)}",
            ratio=f"{measured.median / floor.median:.2f}",
            goal="0.90 to 1.10",
        )
    ]
