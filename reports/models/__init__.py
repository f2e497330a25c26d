from .agreed import AgreedSignature, AgreedValue
from .kept_count import KeptCount
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
    "KeptCount",
    "NotYet",
    "Review",
    "ReviewAnswer",
    "ReviewProposal",
    "ReviewSignOff",
    "Talk",
    "TalkWord",
    "Todo",
]
