"""A page that names no icon finds one all the same."""

from django.test import Client


def test_the_address_that_browsers_guess_leads_to_the_icon() -> None:
    answer = Client().get("/favicon.ico")

    assert (answer.status_code, answer["Location"]) == (302, "/static/icons/favicon.svg")
