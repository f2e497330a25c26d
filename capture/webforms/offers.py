"""The file that a form gives away: kept in a private folder and only ever sent as a download, so that nothing
in it runs in our name."""

import secrets
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse

from capture.models import OfferFile, WebForm

if TYPE_CHECKING:
    from accounts.models import User

MOST_BYTES = 20 * 1024 * 1024
#: What may be given away, by how its name ends.
KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
    "zip": "application/zip",
    "csv": "text/csv",
    "txt": "text/plain",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
}


def kind_of(name: str) -> str | None:
    """The media type that a file of this name is sent as; None when it may not be given away."""
    return KINDS.get(PurePath(name).suffix.lower().removeprefix("."))


def address(form: WebForm) -> str:
    """Where the file of ``form`` is downloaded; stays the same when another file takes its place."""
    return settings.PUBLIC_URL + reverse("capture:form-offer", args=[form.key])


def keep(*, form: WebForm, upload: "UploadedFile[Any]", by: "User", at: datetime) -> OfferFile:
    """``upload`` is what ``form`` gives away from now on, instead of what it gave. Its name and size are
    checked by whoever calls."""
    made = OfferFile(
        web_form=form,
        name=PurePath(upload.name or "file").name[-120:],
        stored=secrets.token_hex(16),
        size=upload.size or 0,
        uploaded_at=at,
        uploaded_by=by,
    )
    made.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with made.path.open("xb") as stream:
            made.path.chmod(0o600)
            for chunk in upload.chunks():
                stream.write(chunk)
        with transaction.atomic():
            locked = WebForm.objects.select_for_update().get(pk=form.pk)
            _forget(locked)
            made.save()
            locked.offer_url = address(form)
            locked.offer_name = locked.offer_name or PurePath(made.name).stem
            locked.save(update_fields=["offer_url", "offer_name"])
    except BaseException:  # also a worker that is told to stop: nobody would find the file again
        made.path.unlink(missing_ok=True)
        raise
    return made


@transaction.atomic
def drop(*, form: WebForm) -> None:
    """``form`` gives its file away no more; an address that was typed instead stays. Safe to repeat."""
    locked = WebForm.objects.select_for_update().get(pk=form.pk)
    _forget(locked)
    if locked.offer_url == address(form):
        locked.offer_url = ""
        if locked.after == WebForm.After.OFFER:
            locked.after = WebForm.After.THANKS
        locked.save(update_fields=["offer_url", "after"])


def _forget(form: WebForm) -> None:
    for old in OfferFile.objects.filter(web_form=form):
        old.delete()
        transaction.on_commit(partial(old.path.unlink, missing_ok=True))
