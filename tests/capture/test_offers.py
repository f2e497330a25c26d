"""A file that a form gives away: kept privately, sent as a download after the form, and never run."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from capture.models import OfferFile, WebForm
from capture.webforms import offers
from leads.models import Activity
from tests import factories as make
from tests.capture.forms import built, send

PDF = b"%PDF-1.4 dispatch"


@pytest.fixture(autouse=True)
def private(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def guide(mara: User) -> WebForm:
    return built("guide")


@pytest.fixture
def marketing(client: Client, mara: User) -> Client:
    client.force_login(mara)
    return client


def upload(client: Client, form: WebForm, name: str = "Dispatch guide.pdf", content: bytes = PDF) -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/html")
    return client.post(f"/forms/{form.public_id}/offer/", {"file": file})


def folder() -> list[Path]:
    return sorted((Path(settings.MEDIA_ROOT) / OfferFile.FOLDER).glob("*"))


def kept(form: WebForm) -> WebForm:
    return WebForm.objects.select_related("source", "type").get(pk=form.pk)


@pytest.mark.django_db(transaction=True)
def test_what_a_marketer_uploads_is_what_a_visitor_downloads_and_never_a_page(
    marketing: Client, guide: WebForm
) -> None:
    upload(marketing, guide, "Führer <2027>.pdf")
    (file,) = folder()
    assert file.stat().st_mode & 0o077 == 0
    assert "pdf" not in file.name

    answer = Client().get(f"/f/{guide.key}/offer/")
    assert answer.headers["Content-Type"] == "application/pdf", "not what the upload claimed"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''F%C3%BChrer")
    assert (
        "sandbox" in answer.headers["Content-Security-Policy"]
        or "script-src 'self'" in (answer.headers["Content-Security-Policy"])
    )
    assert told(answer) == PDF


def told(answer: Any) -> bytes:
    """In a thread of its own: beside browsers this one has an event loop."""

    async def read() -> bytes:
        pieces = cast(AsyncIterator[bytes], answer.streaming_content)
        return b"".join([piece async for piece in pieces])

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, read()).result()


@pytest.mark.django_db
def test_the_thanks_have_the_file_and_the_activity_names_it(marketing: Client, guide: WebForm) -> None:
    upload(marketing, guide)
    form = kept(guide)
    assert (form.offer_name, form.offer_url) == ("Dispatch guide", offers.address(form))
    sent = send(form)
    assert sent.headers["Location"] == f"/f/{form.key}/thanks/"
    assert f'href="{offers.address(form)}"' in Client().get(sent.headers["Location"]).content.decode()
    assert Activity.objects.get().properties["offer"] == offers.address(form)


@pytest.mark.django_db
def test_the_offer_at_once_begins_the_download_beside_the_thanks(marketing: Client, guide: WebForm) -> None:
    upload(marketing, guide)
    WebForm.objects.filter(pk=guide.pk).update(after=WebForm.After.OFFER)
    sent = send(kept(guide))
    assert sent.headers["Location"] == f"/f/{guide.key}/thanks/", "a download alone leaves the form standing"
    thanks = Client().get(sent.headers["Location"]).content.decode()
    assert f'http-equiv="refresh" content="1; url=/f/{guide.key}/offer/"' in thanks


@pytest.mark.django_db(transaction=True)
def test_another_file_takes_the_place_and_none_is_left_behind(marketing: Client, guide: WebForm) -> None:
    upload(marketing, guide)
    upload(marketing, guide, "second.zip", b"PK")
    assert [file.read_bytes() for file in folder()] == [b"PK"]
    assert Client().get(f"/f/{guide.key}/offer/").headers["Content-Type"] == "application/zip"
    WebForm.objects.filter(pk=guide.pk).update(after=WebForm.After.OFFER)

    for _ in range(2):
        marketing.post(f"/forms/{guide.public_id}/offer/", {"remove": "1"})
    form = kept(guide)
    assert (folder(), form.offer_url, form.after) == ([], "", WebForm.After.THANKS)
    assert Client().get(f"/f/{guide.key}/offer/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_address_that_was_typed_stays_when_the_file_goes(marketing: Client, guide: WebForm) -> None:
    upload(marketing, guide)
    WebForm.objects.filter(pk=guide.pk).update(offer_url="https://www.fieldline.example/guide")
    offers.drop(form=guide)
    assert kept(guide).offer_url == "https://www.fieldline.example/guide"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.html", b"<script>", "Only files that end in one of these"),
        ("guide.pdf.svg", b"<svg>", "Only files that end in one of these"),
        ("guide", b"x", "Only files that end in one of these"),
        ("guide.pdf", b"", "This file is empty."),
        ("guide.pdf", b"x" * (20 * 1024**2 + 1), "A file may have 20 MB at most."),
    ],
)
def test_what_is_no_offer_is_refused_and_says_why(
    marketing: Client, guide: WebForm, name: str, content: bytes, said: str
) -> None:
    before = folder()
    answer = upload(marketing, guide, name, content)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert folder() == before
    assert not OfferFile.objects.exists()


@pytest.mark.django_db
def test_S2_only_who_builds_forms_uploads(client: Client, guide: WebForm) -> None:
    client.force_login(make.rep())
    assert upload(client, guide).status_code == 403
    assert not OfferFile.objects.exists()


@pytest.mark.django_db
def test_a_file_that_cannot_be_kept_leaves_nothing(guide: WebForm, mara: User) -> None:
    class Broken(SimpleUploadedFile):
        def chunks(self, chunk_size: int | None = None) -> Any:
            yield b"half"
            raise OSError("The disk is full.")

    before = folder()
    with pytest.raises(OSError, match="full"):
        offers.keep(form=guide, upload=Broken("a.pdf", b"x"), by=mara, at=timezone.now())
    assert folder() == before
    assert kept(guide).offer_url == ""
