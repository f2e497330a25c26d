"""What merging two leads does to what visitors sent."""

from leads.folding import Folding, settles

from .models import Submission


@settles("capture.Submission.lead")
def _submissions(one: Folding) -> None:
    one.move(Submission)
