"""What brought a visitor to the site: search, organic and paid apart (S3-10), social media, mail, a link.

By the tags that campaigns carry first, then by where the link stood. Tags are written in many ways; those
here are what advertisers' own guides ask for.
"""

import re
from collections.abc import Mapping
from enum import StrEnum


class Channel(StrEnum):
    PAID_SEARCH = "paid_search"
    ORGANIC_SEARCH = "organic_search"
    PAID_SOCIAL = "paid_social"
    SOCIAL = "social"
    DISPLAY = "display"
    EMAIL = "email"
    REFERRAL = "referral"
    DIRECT = "direct"


#: Parameters that advertising networks add to the links they sell.
PAID_SEARCH_CLICKS = ("gclid", "gbraid", "wbraid", "msclkid")
PAID_SOCIAL_CLICKS = ("li_fat_id", "ttclid", "twclid")
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")

_SEARCH = re.compile(
    r"(?:^|\.)(?:google|bing|yahoo|yandex|baidu|naver|seznam|ecosia|qwant|startpage|duckduckgo|ask|aol|"
    r"kagi|mojeek|sogou|so)\.[a-z.]{2,6}$|^search\.(?:brave|marginalia)\.[a-z]+$"
)
_SOCIAL = re.compile(
    r"(?:^|\.)(?:facebook|instagram|linkedin|twitter|xing|reddit|pinterest|tiktok|youtube|vk|threads|"
    r"mastodon|quora)\.[a-z.]{2,6}$|^(?:t\.co|x\.com|lnkd\.in|fb\.me|youtu\.be|bsky\.app|news\.ycombinator\.com)$"
)
_PAID = re.compile(r"^(?:.*cp[acm]|ppc|paid.*|retargeting|sem)$")
_MAIL = re.compile(r"^e[-_ ]?mail$|newsletter")
_DISPLAY = re.compile(r"^(?:display|banner|cpm|interstitial|expandable)$")


def channel(*, tags: Mapping[str, str], referrer: str) -> Channel:
    """What brought a visit with these parameters from the host ``referrer``, "" for none or our own."""
    host = referrer.lower().removeprefix("www.")
    medium, named = tags.get("utm_medium", "").lower(), tags.get("utm_source", "").lower()
    searched = bool(_SEARCH.search(host) or _SEARCH.search(f"{named}.com"))
    social = bool(_SOCIAL.search(host) or _SOCIAL.search(f"{named}.com"))
    if any(tags.get(name) for name in PAID_SEARCH_CLICKS):
        return Channel.PAID_SEARCH
    if _MAIL.search(medium) or _MAIL.search(named):
        return Channel.EMAIL
    if _DISPLAY.match(medium):
        return Channel.DISPLAY
    if _PAID.match(medium) or any(tags.get(name) for name in PAID_SOCIAL_CLICKS):
        social_clicks = any(tags.get(name) for name in PAID_SOCIAL_CLICKS)
        return Channel.PAID_SOCIAL if social_clicks or social or "social" in medium else Channel.PAID_SEARCH
    if medium == "organic" or (searched and not medium):
        return Channel.ORGANIC_SEARCH
    if social or "social" in medium:
        return Channel.SOCIAL
    return Channel.REFERRAL if host or named or medium else Channel.DIRECT
