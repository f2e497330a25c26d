"""The rule page as a browser without scripts uses it: every button sends the form."""

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from scoring import model_file, publishing
from scoring.models import ModelVersion
from scoring.parts import Place, part_of

RULES, PARTS, DRAFTS = "/rules/", "/rules/parts/", "/rules/drafts/"
PREVIEW, PAST = "/rules/preview/", "/rules/past/"


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def draft_of_live() -> ModelVersion:
    return publishing.draft_from(version=ModelVersion.objects.live(), by=None)


def typed(page: HttpResponse, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the page's form, with ``changes``; "__" stands for a hyphen."""
    html = page.content.decode()
    form = html[html.index('id="editor"') : html.index('<aside class="rules__prev"')]
    data: dict[str, Any] = {}

    def add(name: str, value: str) -> None:
        data.setdefault(name, []).append(unescape(value))

    for field in re.finditer(r"<(input|select|textarea)\b([^>]*)>", form):
        kind, attributes = field[1], dict(re.findall(r'([\w-]+)="([^"]*)"', field[2]))
        name = attributes.get("name")
        if not name:
            continue
        if kind == "select":
            inside = form[field.end() : form.index("</select>", field.end())]
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', inside)
            first = re.search(r'<option(?: value="([^"]*)")?[^>]*>([^<]*)', inside)
            found = chosen or first
            assert found
            add(name, found[1] if found[1] is not None else found[2])
        elif kind == "textarea":
            add(name, form[field.end() : form.index("</textarea>", field.end())].removeprefix("\n"))
        elif attributes.get("type") != "checkbox" or re.search(r"\bchecked\b", field[2]):
            add(name, attributes.get("value", "on"))
    for name, value in changes.items():
        data[name.replace("__", "-")] = value
    return data


def saved(version: ModelVersion, key: str) -> dict[str, Any]:
    return part_of(model_file.save(version=version), Place("rule", key))
