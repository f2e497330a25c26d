import pytest

from leads.matching import match_or_create_by_email, normal_email
from leads.models import Lead
from tests import factories as make


@pytest.mark.django_db
def test_C43_the_same_address_in_another_case_is_the_same_person() -> None:
    ada = make.lead("Ada", email="Ada@Firm.example")
    found = match_or_create_by_email(emails=[normal_email(" ADA@firm.EXAMPLE ")], at=make.NOW, source="api")
    assert found["ada@firm.example"] == ada
    assert Lead.objects.count() == 1


@pytest.mark.django_db
def test_an_unknown_address_becomes_a_lead_and_asking_again_changes_nothing() -> None:
    for _ in range(2):
        found = match_or_create_by_email(emails=["new@firm.example"], at=make.NOW, source="api")
    lead = Lead.objects.get()
    assert found == {"new@firm.example": lead}
    assert (lead.stage, lead.source) == ("lead", "api")


@pytest.mark.parametrize("text", ["", "ada", "ada@", "a@b@c.example", "ada@firm.example\nBcc: x@y.example"])
def test_what_is_no_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not an e-mail address"):
        normal_email(text)
