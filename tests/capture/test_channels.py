"""S3-10: what brought a visitor; search, organic and paid, told apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.channels import channel
from capture.page_rules import fits


@pytest.mark.parametrize(
    ("tags", "referrer", "brought"),
    [
        ({}, "", "direct"),
        ({}, "www.google.com", "organic_search"),
        ({}, "google.co.uk", "organic_search"),
        ({}, "de.search.yahoo.com", "organic_search"),
        ({}, "duckduckgo.com", "organic_search"),
        ({}, "search.brave.com", "organic_search"),
        ({}, "notgoogle.com", "referral"),
        ({}, "google.evil.example", "referral"),
        ({"gclid": "x"}, "www.google.com", "paid_search"),
        ({"msclkid": "x"}, "", "paid_search"),
        ({"utm_source": "google", "utm_medium": "cpc"}, "www.google.com", "paid_search"),
        ({"utm_source": "Bing", "utm_medium": "PPC"}, "", "paid_search"),
        ({"utm_source": "google", "utm_medium": "organic"}, "", "organic_search"),
        ({}, "www.linkedin.com", "social"),
        ({}, "lnkd.in", "social"),
        ({"utm_source": "linkedin", "utm_medium": "social"}, "", "social"),
        ({"utm_source": "linkedin", "utm_medium": "cpc"}, "", "paid_social"),
        ({"utm_source": "facebook", "utm_medium": "paid_social"}, "l.facebook.com", "paid_social"),
        ({"li_fat_id": "x"}, "", "paid_social"),
        ({"utm_medium": "email", "utm_source": "mailchimp"}, "mail.google.com", "email"),
        ({"utm_source": "newsletter"}, "", "email"),
        ({"utm_medium": "e-mail"}, "", "email"),
        ({"utm_medium": "display", "utm_source": "adnet"}, "", "display"),
        ({}, "partner.example", "referral"),
        ({"utm_source": "partner", "utm_medium": "referral"}, "", "referral"),
    ],
)
def test_S3_10_search_paid_and_organic_social_mail_and_links_are_told_apart(
    tags: dict[str, str], referrer: str, brought: str
) -> None:
    assert channel(tags=tags, referrer=referrer) == brought


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_a_star_is_any_run_of_characters(pattern: str, rest: str) -> None:
    oracle = re.fullmatch(re.escape(f"/{pattern}").replace(r"\*", ".*"), f"/{rest}")
    assert fits(f"/{pattern}", f"/{rest}") is bool(oracle)
