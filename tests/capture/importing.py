"""Bring a file in through the pages, as a marketer does, with a worker that works when told."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from capture.imports import working
from capture.models import Import


def uploaded(client: Client, content: bytes | Path, name: str = "people.csv", **fields: Any) -> Import:
    """The import that begins with this file, read by a worker."""
    if isinstance(content, Path):
        name, content = content.name, content.read_bytes()
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    answer = client.post("/imports/new/", {"file": file, "kind": "leads", "source": "list", **fields})
    assert answer.status_code == 302, answer.content.decode()
    worked_off()
    return Import.objects.get(public_id=answer["Location"].split("/")[2])


def refused(client: Client, content: bytes, name: str) -> str:
    """Why this file could not be read, as its page says it."""
    file = SimpleUploadedFile(name, content)
    answer = client.post("/imports/new/", {"file": file, "kind": "leads", "source": "list"})
    worked_off()
    one = Import.objects.get(public_id=answer["Location"].split("/")[2])
    assert one.state == Import.State.REFUSED
    return client.get(answer["Location"]).content.decode()


def matched(client: Client, one: Import, **choices: Any) -> Import:
    """The same with its columns matched as they were recognised, but for ``choices`` by field name."""
    answer = client.post(f"/imports/{one.public_id}/columns/", choices)
    assert answer.status_code == 302
    assert answer["Location"].endswith("/preview/"), client.get(answer["Location"]).content.decode()
    return Import.objects.get(pk=one.pk)


def told(client: Client, one: Import, verb: str) -> Import:
    client.post(f"/imports/{one.public_id}/{verb}/")
    return Import.objects.get(pk=one.pk)


def worked_off() -> None:
    while working.work():
        pass


def imported(client: Client, content: bytes | Path, name: str = "people.csv", **choices: Any) -> Import:
    """From the upload to the end, without a look at anything on the way."""
    fields = {key: choices.pop(key) for key in ("kind", "source", "live") if key in choices}
    one = matched(client, uploaded(client, content, name, **fields), **choices)
    told(client, one, "start")
    worked_off()
    return Import.objects.get(pk=one.pk)


def counts(one: Import) -> tuple[int, int, int, int]:
    """Created, updated, skipped, rejected."""
    return one.created, one.updated, one.skipped, one.rejected
