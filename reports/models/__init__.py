from .agreed import AgreedSignature, AgreedValue
from .review import (
    NotYet,
    Review,
    ReviewAnswer,
    ReviewProposal,
    ReviewSignOff,
    Talk,
    TalkWord,
    Todo,
)

__all__ = [
    "AgreedSignature",
    "AgreedValue",
    "NotYet",
    "Review",
    "ReviewAnswer",
    "ReviewProposal",
    "ReviewSignOff",
    "Talk",
    "TalkWord",
    "Todo",
]
