"""What a new form begins as: a sensible one of its kind, ready to be sent."""

from dataclasses import dataclass

from capture.models import WebFormField

Fills, Shown = WebFormField.Fills, WebFormField.Shown
CONSENT = "I would like to receive news by e-mail. I can withdraw this at any time."


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a starter; a standard one is called what it fills."""

    fills: str
    label: str
    required: bool = False
    shown: str = Shown.ALWAYS
    help: str = ""


@dataclass(frozen=True, slots=True)
class Starter:
    key: str
    name: str
    about: str
    type: str
    heading: str
    intro: str
    button: str
    thanks: str
    questions: tuple[Question, ...]
    consent: str = ""
    consent_required: bool = False
    confirms: bool = False


_EMAIL = Question(Fills.EMAIL, "Work e-mail", required=True)
_NAME = Question(Fills.NAME, "Your name", required=True)
_COMPANY = Question(Fills.COMPANY, "Company")

STARTERS = {
    starter.key: starter
    for starter in (
        Starter(
            key="contact",
            name="Contact",
            about="A question to sales, with a message.",
            type="contact_sales",
            heading="Talk to us",
            intro="Tell us what you need. We answer within one working day.",
            button="Send",
            thanks="Thank you. Somebody will get back to you within one working day.",
            questions=(
                _NAME,
                _EMAIL,
                _COMPANY,
                Question(Fills.PHONE, "Phone"),
                Question(Fills.MESSAGE, "How can we help?", required=True),
            ),
        ),
        Starter(
            key="demo",
            name="Demo request",
            about="Somebody wants to see the product.",
            type="demo_request",
            heading="See it at work",
            intro="Half an hour, with your own questions.",
            button="Ask for a demo",
            thanks="Thank you. We will suggest a time today or on the next working day.",
            questions=(
                _NAME,
                _EMAIL,
                Question(Fills.COMPANY, "Company", required=True),
                Question(Fills.TITLE, "Job title"),
                Question(Fills.EMPLOYEES, "How many people work there?"),
                Question(Fills.PHONE, "Phone"),
                Question(Fills.MESSAGE, "What would you like to see?"),
            ),
        ),
        Starter(
            key="guide",
            name="Guide download",
            about="A file for an address; next time it asks what it does not know.",
            type="content_download",
            heading="Get the guide",
            intro="",
            button="Get the guide",
            thanks="Thank you. Here it is:",
            consent=CONSENT,
            questions=(
                Question(Fills.NAME, "Your name", required=True, shown=Shown.ONCE),
                _EMAIL,
                Question(Fills.COMPANY, "Company", shown=Shown.ONCE),
                Question(Fills.TITLE, "Job title", shown=Shown.NEXT),
                Question(Fills.EMPLOYEES, "How many people work there?", shown=Shown.NEXT),
            ),
        ),
        Starter(
            key="newsletter",
            name="Newsletter",
            about="An address and a consent, confirmed by mail.",
            type="newsletter_signup",
            heading="Our newsletter",
            intro="Once a month, what we learnt.",
            button="Subscribe",
            thanks="Thank you. Please follow the link in the mail that we have just sent.",
            consent=CONSENT,
            consent_required=True,
            confirms=True,
            questions=(_EMAIL,),
        ),
    )
}
#: A form of one's own begins with an address.
BLANK = Starter(
    key="blank",
    name="Something else",
    about="An e-mail field; you add the rest.",
    type="form_submitted",
    heading="",
    intro="",
    button="Send",
    thanks="Thank you.",
    questions=(_EMAIL,),
)


def of(key: str) -> Starter:
    return STARTERS.get(key, BLANK)
