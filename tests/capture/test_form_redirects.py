"""A form leads to the stored page and nowhere else, however somebody spells another one (S7)."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from capture.web_form_forms import WebAddress
from tests.capture.forms import FILE, HERE, built, opened, path

pytestmark = pytest.mark.django_db
EVIL = "evil.example"
#: What applications call the address they lead to afterwards.
NAMES = (
    "next", "redirect", "redirect_url", "redirect_uri", "return", "return_to", "returnUrl", "url", "to", "u",
    "goto", "dest", "destination", "continue", "target", "after", "goes_to", "offer_url", "offer", "_page",
    "_next", "_redirect", "callback", "RelayState",
)  # fmt: skip


def spellings() -> Iterator[str]:
    """Addresses of another host, as filters have been got round: what stands before it, how the host is told,
    and what is behind it, by rules."""
    before = [
        "https://", "http://", "//", "///", "////", "/\\", "\\/", "\\\\", "/\t/", "/\n/", "\t//", " //",
        "\x00//", "https:", "https:/", "https:\\\\", "HtTpS://", "hTtP:", "ftp://", "/%2f", "/%5c", "%2f%2f",
        "/%09/", "/./", "/..//", "./%2f/", "/;@", "/?u=//", "/#//", "https:///", "http:\\/\\/",
        "\u2044\u2044", "\uff0f\uff0f", "/.", "https://www.fieldline.example@", "https://www.fieldline.example%40",
        "//www.fieldline.example:80@", "https://www.fieldline.example\\@", "https://www.fieldline.example#@",
        "https://www.fieldline.example?@", "javascript://", "data:text/html,//", "vbscript:", "view-source://",
        "blob:https://", "filesystem:http://",
    ]  # fmt: skip
    dots = (f"{EVIL}.", "evil%2eexample", "evil\u3002example")
    hosts = [EVIL, f"{EVIL}:443", f"a@{EVIL}", f"%00{EVIL}", *dots]
    yield from ("".join(parts) for parts in product(before, hosts, ["", "/%2e%2e"]))
    scripts = ("javascript", "JaVaScRiPt", "java\tscript", "java\nscript", "\x01javascript", " javascript")
    for scheme in (*scripts, "data", "vbscript"):
        for word in (":alert(1)//evil", "://%0aalert(1)//evil", ":/*evil*/alert(1)", "&colon;alert(1)//evil"):
            yield scheme + word
    for number in ("2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.1"):
        yield from (f"//{number}/evil", f"https://{number}/evil", f"https:{number}/evil")
    for joined in (".", "@", ":pw@", "%40", "\\@"):
        yield f"{HERE}{joined}{EVIL}"
    for joined in ("/?", "#", "\\", "?"):
        yield f"https://{EVIL}{joined}{HERE}"
    yield from (f"/f/contact/thanks/\r\nLocation: https://{EVIL}", f"/x%0d%0aLocation:%20//{EVIL}")


SPELLINGS = list(dict.fromkeys(spellings()))
LEADS_OFF = re.compile("evil", re.IGNORECASE)


def test_S7_there_are_more_spellings_than_anybody_lists() -> None:
    assert len(SPELLINGS) >= 574


@pytest.mark.parametrize("after", ["thanks", "offer", "address"])
def test_S7_no_spelling_leads_off_the_stored_page(after: str) -> None:
    form = built("contact", after=after, offer_url=FILE, redirect_url=f"{HERE}/thanks")
    stored = {"thanks": "/f/contact/thanks/", "offer": FILE, "address": f"{HERE}/thanks"}[after]
    sent = {"name": "Ada", "email": "ada@firm.example", "message": "x", "_stamp": opened(form)}
    client = Client(REMOTE_ADDR="192.0.2.9")
    for spelling in SPELLINGS:
        answer = client.post(
            path(form),
            {**sent, **dict.fromkeys(NAMES, spelling)},
            query_params={"next": spelling, "url": spelling},
            headers={"Referer": f"https://{EVIL}/", "X-Forwarded-Host": EVIL},
        )
        assert (answer.status_code, answer["Location"]) == (302, stored), spelling
        assert EVIL not in answer["Content-Security-Policy"], spelling
        assert not LEADS_OFF.search(str(answer.headers)), spelling


def test_S7_no_spelling_is_on_the_page_of_thanks() -> None:
    form = built("contact", offer_url=FILE, offer_name="The guide", redirect_url=f"{HERE}/thanks")
    client = Client()
    usual = {framed: client.get(f"{path(form, framed=framed)}thanks/").content for framed in (False, True)}
    for spelling in SPELLINGS:
        for framed in (False, True):
            asked = dict.fromkeys(NAMES, spelling)
            page = client.get(f"{path(form, framed=framed)}thanks/", asked)
            assert page.content == usual[framed], spelling


#: As browsers read it, whatever they are told about credentials, slashes and spaces.
PLAIN = re.compile(r"https?://[^\s/\\@?#:]+(:\d+)?([/?#][^\s\\]*)?", re.IGNORECASE)


def test_S7_nothing_but_a_plain_address_of_the_web_is_stored() -> None:
    stored = {kept for spelling in SPELLINGS if (kept := as_stored(spelling))}
    assert "https://evil.example" in stored  # a marketer may lead to any page
    assert all(PLAIN.fullmatch(address) for address in stored)
    assert not any("javascript" in address.lower() for address in stored)


def as_stored(spelling: str) -> str:
    """What is kept of it in the builder, "" when it is refused."""
    try:
        return WebAddress(assume_scheme="https").clean(spelling)
    except ValidationError:
        return ""
