"""The starter set of activity types. A company adds its own in the admin; these come with the product."""

from typing import NamedTuple

from .stages import Phase


class Starter(NamedTuple):
    key: str
    label: str
    category: str
    phase: str = ""
    is_intent: bool = False


_A, _C, _D = Phase.AWARENESS, Phase.CONSIDERATION, Phase.DECISION

STARTERS = [
    # visits
    Starter("page_view", "Viewed a page", "visit", _A),
    Starter("visit", "Visited the site", "visit", _A),
    Starter("content_view", "Read content", "visit", _A),
    Starter("pricing_page_view", "Viewed pricing", "visit", _D, True),
    Starter("product_page_view", "Viewed the product", "visit", _C),
    Starter("careers_page_view", "Viewed careers", "visit"),
    Starter("case_study_view", "Read a case study", "visit", _C),
    Starter("chat", "Chatted on the site", "visit", _C),
    Starter("site_search", "Searched the site", "visit", _C),
    Starter("brand_search", "Searched for us by name", "visit", _D),
    Starter("link_clicked", "Clicked a tracked link", "visit", _A),
    Starter("time_on_page", "Stayed on a page", "visit"),
    Starter("custom_event", "Did something on the site", "visit"),
    Starter("file_accessed", "Opened a file", "content", _C),
    Starter("review_download", "Downloaded a review", "content", _D),
    Starter("form_error", "Sent a form that was refused", "form"),
    # content
    Starter("content_download", "Downloaded content", "content", _C),
    Starter("ebook_download", "Downloaded an e-book", "content", _C),
    Starter("white_paper_download", "Downloaded a white paper", "content", _C),
    Starter("comparison_guide_download", "Downloaded the comparison guide", "content", _D, True),
    Starter("calculator_used", "Used the calculator", "content", _D, True),
    # e-mail and messages
    Starter("newsletter_signup", "Signed up for the newsletter", "form", _A),
    Starter("email_delivered", "Received an e-mail", "email"),
    Starter("email_opened", "Opened an e-mail", "email", _A),
    Starter("email_clicked", "Clicked in an e-mail", "email", _C),
    Starter("email_status", "Was sent an e-mail that was delayed or stopped", "email"),
    Starter("email_replied", "Replied to an e-mail", "email", _D, True),
    Starter("email_bounced", "E-mail bounced", "email"),
    Starter("unsubscribed", "Unsubscribed", "email"),
    Starter("resubscribed", "Subscribed again", "email"),
    Starter("spam_complaint", "Marked an e-mail as spam", "email"),
    Starter("sms_sent", "Was sent a text message", "sales"),
    # events
    Starter("webinar_registered", "Registered for a webinar", "event", _C),
    Starter("webinar_attended", "Attended a webinar", "event", _C),
    Starter("event_attended", "Met us at an event", "event", _C),
    # social and ads
    Starter("social_interaction", "Interacted on social media", "social", _A),
    Starter("ad_click", "Clicked an ad", "social", _A),
    Starter("ad_impression", "Saw an ad", "social", _A),
    Starter("referral", "Was referred to us", "social", _A),
    # forms
    Starter("form_submitted", "Submitted a form", "form", _C),
    Starter("product_form_submitted", "Asked about the product", "form", _D, True),
    Starter("contact_sales", "Asked to talk to sales", "form", _D, True),
    Starter("quote_request", "Asked for a quote", "form", _D, True),
    Starter("demo_request", "Requested a demo", "form", _D, True),
    Starter("trial_signup", "Started a trial", "form", _D, True),
    # sales
    Starter("demo_attended", "Saw a demo", "sales", _D, True),
    Starter("meeting_booked", "Booked a meeting", "sales", _D, True),
    Starter("meeting_cancelled", "Cancelled a meeting", "sales"),
    Starter("meeting_held", "Met with us", "sales", _D, True),
    Starter("call_logged", "Had a call with us", "sales"),
    Starter("call_unanswered", "Did not answer a call", "sales"),
    Starter("voicemail_left", "Was left a message", "sales"),
    Starter("email_sent", "Was sent an e-mail by sales", "sales"),
    Starter("note_added", "Sales made a note", "sales"),
    # system
    Starter("lead_created", "Was added", "system"),
    Starter("deal_won", "Became a customer", "system"),
    Starter("deal_lost", "Decided against us", "system"),
]
