"""What people set for themselves."""

import pytest
from django.test import Client

from accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_theme_zone_and_keys_take_effect_on_the_next_page() -> None:
    client = signed_in(factories.marketer())
    page = client.post("/profile/", {"theme": "dark", "time_zone": "Europe/Berlin"}, follow=True)
    html = page.content.decode()
    assert 'data-theme="dark"' in html
    assert 'data-keys="off"' in html
    assert "Due 12:12" in client.get("/ui/").content.decode()  # 11:12 in UTC


def test_a_zone_that_does_not_exist_is_refused_at_its_field() -> None:
    user = factories.marketer()
    page = signed_in(user).post("/profile/", {"theme": "", "time_zone": "Mars/Olympus"})
    assert 'href="#id_time_zone"' in page.content.decode()
    user.refresh_from_db()
    assert user.time_zone == "UTC"


def test_the_switch_in_the_key_list_is_kept() -> None:
    user = factories.marketer()
    client = signed_in(user)
    assert client.post("/profile/keys/").status_code == 204
    user.refresh_from_db()
    assert not user.keys_enabled
    client.post("/profile/keys/", {"keys_enabled": "on"})
    user.refresh_from_db()
    assert user.keys_enabled


def test_one_readers_zone_never_reaches_the_next_request() -> None:
    berlin, utc = factories.marketer(time_zone="Europe/Berlin"), factories.admin()
    signed_in(berlin).get("/ui/")
    assert "Due 11:12" in signed_in(utc).get("/ui/").content.decode()
