"""Files become leads, companies, activities and outcomes: counted, once, and nothing lost."""

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from capture.models import Import
from leads import consent
from leads.models import (
    Activity,
    ChangedLead,
    Company,
    ConsentEvent,
    Lead,
    LeadExternalId,
    Opportunity,
    StageChange,
)
from tests import factories as make

pytestmark = pytest.mark.django_db

#: One call of ``import_leads``; returns what it printed.
Importing = Callable[..., str]

PEOPLE: dict[str, Any] = {
    "source": "list",
    "empty": ["Select", "N/A"],
    "match": {"email": "Email", "external_id": "Id"},
    "lead": {
        "name": {"join": ["First", "Last"]},
        "phone": "Phone",
        "attributes": {"level": "Level", "seats": {"column": "Seats", "as": "number"}},
    },
    "company": {"name": "Firm"},
}
HEADER = "Id,First,Last,Email,Phone,Firm,Level,Seats"


@pytest.fixture
def importing(tmp_path: Path) -> Importing:
    def run(content: str | bytes, mapping: dict[str, Any], *options: str, name: str = "people.csv") -> str:
        path = tmp_path / name
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        (tmp_path / "mapping.json").write_text(json.dumps(mapping))
        out = StringIO()
        call_command(
            "import_leads",
            str(path),
            "--mapping",
            str(tmp_path / "mapping.json"),
            "--rejects",
            str(tmp_path / "rejected.csv"),
            *options,
            stdout=out,
        )
        return out.getvalue()

    return run


@pytest.fixture
def rejected(tmp_path: Path) -> Callable[[], list[dict[str, str]]]:
    def read() -> list[dict[str, str]]:
        with (tmp_path / "rejected.csv").open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    return read


Rejected = Callable[[], list[dict[str, str]]]


def content_of_everything() -> list[Any]:
    """Every row an import may write, but its journal."""
    models = [Lead, Company, LeadExternalId, Activity, ConsentEvent, StageChange, Opportunity, ChangedLead]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_rows_become_leads_and_the_same_file_again_changes_nothing(importing: Importing) -> None:
    file = f"{HEADER}\n1,Ada,Byron,ADA@firm.example,+44 20 5550100,Firm Ltd,Select,12\n2,,,,,,N/A,\n"

    first = importing(file, PEOPLE)
    before = content_of_everything()
    again = importing(file, PEOPLE)

    assert "2 rows in = 2 created + 0 updated + 0 skipped + 0 rejected" in first
    assert "2 rows in = 0 created + 0 updated + 2 skipped + 0 rejected" in again
    assert content_of_everything() == before
    ada = Lead.objects.get(email="ada@firm.example")
    assert (ada.name, ada.phone, ada.attributes) == ("Ada Byron", "+44 20 5550100", {"seats": 12})
    assert ada.company is not None
    assert ada.company.name == "Firm Ltd"
    nameless = Lead.objects.get(email=None)
    assert (nameless.external_ids.get().external_id, nameless.company) == ("2", None)


def test_the_example_of_the_docs_imports_every_row(importing: Importing) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()
    file = docs.split("```csv\n")[1].split("```")[0]
    mapping = json.loads(docs.split("```json\n")[1].split("```")[0])

    said = importing(file, mapping, name="fair.csv")

    assert "2 rows in = 2 created + 0 updated + 0 skipped + 0 rejected" in said
    ada = Lead.objects.get(email="ada@firm.example")
    assert (ada.country, ada.created_at) == ("DE", datetime(2026, 11, 17, 9, 36, tzinfo=UTC))
    assert ada.activities.get(type__key="event_attended").occurred_at == ada.created_at


def test_a_time_in_another_form_says_which_are_read_and_how_to_add_it(
    importing: Importing, rejected: Rejected
) -> None:
    file = "Id,Since\n1,17.11.2026\n"
    plain = {"match": {"external_id": "Id"}, "created_at": "Since"}
    named = {**plain, "created_at": {"column": "Since", "formats": ["%m/%d/%Y", "%d %b %Y"]}}

    importing(file, plain)
    assert rejected()[0]["reason"] == (
        "Since: “17.11.2026” is not a time that the mapping reads. It names no format, so only ISO 8601"
        ' such as 2026-11-17T10:36 is read. Add one: "column": "Since", "formats": ["%d.%m.%Y %H:%M"].'
    )
    importing(file, named)
    assert rejected()[0]["reason"] == (
        "Since: “17.11.2026” is not a time that the mapping reads. It names %m/%d/%Y and %d %b %Y, and reads"
        " ISO 8601: add this form to its “formats”."
    )


def test_a_date_among_the_attributes_may_have_a_form_too(importing: Importing) -> None:
    since = {"column": "Since", "as": "date", "formats": ["%d.%m.%Y"]}
    mapping = {"match": {"external_id": "Id"}, "lead": {"attributes": {"since": since}}}

    importing("Id,Since\n1,17.11.2026\n", mapping)

    assert Lead.objects.get().attributes == {"since": "2026-11-17T00:00:00+00:00"}


def test_what_a_file_knows_is_added_and_what_it_does_not_know_is_kept(importing: Importing) -> None:
    importing(f"{HEADER}\n1,Ada,Byron,ada@firm.example,+44 20 5550100,Firm Ltd,B,12\n", PEOPLE)

    said = importing(f"{HEADER}\n1,Ada,Lovelace,,N/A,,Select,13\n", PEOPLE)

    assert "0 created + 1 updated" in said
    ada = Lead.objects.get()
    assert (ada.name, ada.email, ada.phone) == ("Ada Lovelace", "ada@firm.example", "+44 20 5550100")
    assert ada.attributes == {"level": "B", "seats": 13}


def test_rows_about_one_person_are_one_lead_wherever_they_stand(importing: Importing) -> None:
    file = f"{HEADER}\n" + "".join(
        f",John,Doe,{address},,,,\n" for address in ("j@dup.example", "x@dup.example", "J@DUP.example")
    )
    said = importing(file, PEOPLE)
    assert "3 rows in = 2 created + 0 updated + 1 skipped + 0 rejected" in said
    assert Lead.objects.count() == 2


def test_C40_an_id_is_added_to_a_known_address_and_two_different_people_are_refused(
    importing: Importing, rejected: Rejected
) -> None:
    make.lead("Ada", email="ada@firm.example")
    importing(f"{HEADER}\n7,,,ada@firm.example,,,,\n8,,,bob@firm.example,,,,\n", PEOPLE)

    said = importing(f"{HEADER}\n8,Eve,,ada@firm.example,,Evil,,\n7,,,new@firm.example,,,,\n", PEOPLE)

    assert "2 rows in = 0 created + 0 updated + 0 skipped + 2 rejected" in said
    assert Lead.objects.count() == 2
    assert not Company.objects.filter(name="Evil").exists()
    assert [(row["line"], row["Id"]) for row in rejected()] == [("2", "8"), ("3", "7")]
    assert "another lead" in rejected()[0]["reason"]
    assert "another address" in rejected()[1]["reason"]


def test_a_bad_row_is_written_out_with_its_line_and_every_reason(
    importing: Importing, rejected: Rejected
) -> None:
    file = (
        f"{HEADER}\n"
        "1,A,,ada@firm.example,12345,,,\n"
        "2,B,,invalid-email,not-a-phone,,,many\n"
        ",C,,,,,,\n"
        '3,"D\nE",,d@firm.example,,,,\n'
        "4,F,,f@firm.example,,,,,too,many\n"
        "5,\0,,g@firm.example,,,,\n"
        f"6,{'x' * 300},,h@firm.example,,,,\n"
    )

    said = importing(file, PEOPLE)

    assert "7 rows in = 2 created + 0 updated + 0 skipped + 5 rejected" in said
    rows = rejected()
    assert [row["line"] for row in rows] == ["3", "4", "7", "8", "9"]
    assert "invalid-email” is not an e-mail address" in rows[0]["reason"]
    assert "not a phone number" in rows[0]["reason"]
    assert "“many” is not a number" in rows[0]["reason"]
    assert "nothing to match by" in rows[1]["reason"]
    assert "10 cells" in rows[2]["reason"]
    assert "NUL" in rows[3]["reason"]
    assert "200 characters" in rows[4]["reason"]
    assert Lead.objects.get(email="d@firm.example").name == "D E"


def test_rejected_rows_put_right_can_be_imported_as_they_are(
    importing: Importing, rejected: Rejected, tmp_path: Path
) -> None:
    importing(f"{HEADER}\n=1+1,A,,nobody,,,,\n", PEOPLE)
    raw = (tmp_path / "rejected.csv").read_text()
    assert '"=1+1"' in raw

    said = importing(raw.replace("nobody", "a@firm.example"), PEOPLE)

    assert "1 created" in said
    assert Lead.objects.get().email == "a@firm.example"


def test_a_dry_run_counts_the_same_and_changes_nothing(importing: Importing, tmp_path: Path) -> None:
    file = f"{HEADER}\n1,A,,a@firm.example,,Firm,,\n2,B,,bad,,,,\n1,A,Z,a@firm.example,,Firm,,\n"
    before = content_of_everything()

    dry = importing(file, PEOPLE, "--dry-run")

    assert "would be 3 rows in = 1 created + 1 updated + 0 skipped + 1 rejected" in dry
    assert content_of_everything() == before
    assert not Import.objects.exists()
    assert not (tmp_path / "rejected.csv").exists()
    assert importing(file, PEOPLE).split(": ")[1].startswith("3 rows in = 1 created + 1 updated")


def test_imports_are_quiet_unless_they_should_hand_over(importing: Importing) -> None:
    importing(f"{HEADER}\n1,A,,a@firm.example,,,,\n", PEOPLE)
    importing(f"{HEADER}\n2,B,,b@firm.example,,,,\n", PEOPLE, "--hand-over")

    live = dict(ChangedLead.objects.values_list("lead__email", "live"))
    assert live == {"a@firm.example": False, "b@firm.example": True}


def test_the_journal_keeps_the_figures(importing: Importing) -> None:
    importing(f"{HEADER}\n1,A,,a@firm.example,,,,\n,,,bad,,,,\n", PEOPLE, "--source", "fair-2026")
    journal = Import.objects.get()
    assert (journal.source, journal.rows, journal.created, journal.rejected) == ("fair-2026", 2, 1, 1)
    assert journal.finished_at is not None
    assert LeadExternalId.objects.get().source == "fair-2026"


VISITS: dict[str, Any] = {
    "source": "list",
    "match": {"external_id": "Id"},
    "created_at": {"column": "Since", "formats": ["%m/%d/%Y %I:%M %p", "%m/%d/%Y"]},
    "zone": "Europe/Berlin",
    "activities": [
        {"type": "visit", "undated": True, "times": "Visits"},
        {"type": "page_view", "undated": True, "times": {"product": ["Visits", "Pages"]}},
        {
            "type": {"column": "Last", "values": {"Opened": "email_opened"}, "otherwise": None},
            "occurred_at": "Seen",
            "properties": {"from": "Last"},
            "when": {"column": "Seen", "filled": True},
        },
    ],
}


def test_counted_activities_are_undated_and_as_of_the_lead(importing: Importing) -> None:
    file = (
        "Id,Since,Visits,Pages,Last,Seen\n"
        "1,03/15/2024 9:12 AM,3,1.5,opened,2024-03-16\n"
        "2,03/17/2024,,2,Danced,\n"
    )

    first, again = importing(file, VISITS), importing(file, VISITS)

    assert "9 activities new, 0 known" in first  # 3 visits, 4.5 pages rounded to 5, one mail
    assert "2 skipped" in again
    assert "0 activities new, 9 known" in again
    lead = LeadExternalId.objects.get(external_id="1").lead
    assert lead.created_at == datetime(2024, 3, 15, 8, 12, tzinfo=UTC)
    counted = Activity.objects.filter(lead=lead, undated=True)
    assert set(counted.values_list("occurred_at", flat=True)) == {lead.created_at}
    assert (counted.filter(type__key="visit").count(), counted.filter(type__key="page_view").count()) == (
        3,
        5,
    )
    mail = Activity.objects.get(type__key="email_opened")
    assert (mail.occurred_at, mail.undated) == (datetime(2024, 3, 15, 23, tzinfo=UTC), False)
    assert mail.properties == {"from": "opened"}


def test_a_counted_activity_happens_a_thousand_times_at_most(importing: Importing) -> None:
    said = importing("Id,Since,Visits,Pages,Last,Seen\n1,,250,40,,\n", VISITS)
    assert "1250 activities new" in said


def test_event_ids_come_from_the_files_name_packed_or_not(importing: Importing) -> None:
    file = "Id,Since,Visits,Pages,Last,Seen\n1,,2,1,,\n"
    importing(file, VISITS, name="visits.csv")
    assert "0 activities new, 4 known" in importing(file, VISITS, name="visits.csv.gz")
    assert sorted(Activity.objects.values_list("event_id", flat=True))[0] == "visits:1:0.0"


EVENTS: dict[str, Any] = {
    "source": "list",
    "kind": "activities",
    "match": {"email": "Email", "external_id": "Id"},
    "activities": [
        {
            "type": {
                "column": "What",
                "values": {"page": "page_view", "demo": "demo_request", "nothing": None},
            },
            "occurred_at": "At",
        }
    ],
}


def test_activities_of_known_leads_are_added_and_of_unknown_ones_rejected(
    importing: Importing, rejected: Rejected
) -> None:
    importing(f"{HEADER}\n1,,,ada@firm.example,,,,\n", PEOPLE)
    file = (
        "Id,Email,What,At\n"
        "1,,page,2024-03-01\n"
        "1,,page,2024-03-01\n"
        ",Ada@Firm.example,demo,2024-03-02T10:00:00+01:00\n"
        "9,,page,2024-03-01\n"
        "1,,dance,2024-03-01\n"
        "1,,page,\n"
        "1,,nothing,2024-03-01\n"
    )

    said = importing(file, EVENTS, name="events.csv")

    assert "7 rows in = 3 created + 0 updated + 1 skipped + 3 rejected; 3 activities new" in said
    assert "0 activities new, 3 known" in importing(file, EVENTS, name="events.csv")
    reasons = [row["reason"] for row in rejected()]
    assert "no lead “9” of list" in reasons[0]
    assert "“dance” is not listed" in reasons[1]
    assert "At: Is empty" in reasons[2]


DEALS: dict[str, Any] = {
    "source": "list",
    "kind": "outcomes",
    "match": {"external_id": "Id"},
    "company": {"external_id": "Seller", "industry": "Segment"},
    "outcome": {
        "external_id": "Deal",
        "at": "Closed",
        "amount": "Amount",
        "reason": "Why",
        "won": {"column": "Status", "is": ["won"]},
        "lost": {"column": "Status", "is": ["lost"]},
        "open": {"column": "Status", "filled": True},
    },
}


def test_outcomes_close_deals_and_move_leads_as_of_their_dates(importing: Importing) -> None:
    importing(f"{HEADER}\n1,,,,,,,\n2,,,,,,,\n3,,,,,,,\n4,,,,,,,\n", {**PEOPLE, "stage": "mql"})
    header = "Id,Deal,Status,Closed,Amount,Why,Seller,Segment\n"
    file = header + (
        '1,d1,won,2024-05-01,"12,500.50",,s1,pets\n2,d2,lost,2024-05-02,,price,,\n3,d3,talking,,900,,,\n4,,,,,,,\n'
    )

    first, again = importing(file, DEALS), importing(file, DEALS)

    assert "4 rows in = 0 created + 3 updated + 1 skipped + 0 rejected" in first
    assert "0 updated + 4 skipped" in again
    stages = dict(LeadExternalId.objects.values_list("external_id", "lead__stage"))
    assert stages == {"1": "customer", "2": "closed", "3": "opportunity", "4": "mql"}
    won = Opportunity.objects.get(outcome="won")
    assert (won.closed_at, str(won.amount)) == (datetime(2024, 5, 1, tzinfo=UTC), "12500.50")
    assert Opportunity.objects.get(outcome="lost").lost_reason == "price"
    customer = LeadExternalId.objects.get(external_id="1").lead
    assert customer.company == Company.objects.get(industry="pets")
    steps = (
        StageChange.objects.filter(lead=customer)
        .order_by("id")
        .values_list("from_stage", "to_stage", "cause")
    )
    assert list(steps) == [("lead", "mql", "import"), ("mql", "customer", "import")]

    later = importing(header + "3,d3,won,2024-06-01,950,,,\n", DEALS)

    assert "1 updated" in later
    assert LeadExternalId.objects.get(external_id="3").lead.stage == "customer"


COMPANIES: dict[str, Any] = {
    "source": "list",
    "kind": "companies",
    "match": {"external_id": "Id", "domain": "Site"},
    "company": {
        "name": "Name",
        "employees": {"column": "Staff", "values": {"200-499": "200"}},
        "revenue": "Revenue",
        "country": "Country",
    },
}


def test_companies_are_made_and_brought_up_to_date(importing: Importing, rejected: Rejected) -> None:
    file = (
        "Id,Site,Name,Staff,Revenue,Country\n"
        "a,www.Acme.example,Acme,200-499,1e6,de\n"
        "b,,Beta,some,,\n"
        "c,,Gamma,,,Germany\n"
    )
    first = importing(file, COMPANIES)
    again = importing("Id,Site,Name,Staff,Revenue,Country\n,acme.example,,260,,\n", COMPANIES)

    assert "3 rows in = 1 created + 0 updated + 0 skipped + 2 rejected" in first
    assert "1 updated" in again
    acme = Company.objects.get()
    assert (acme.domain, acme.employees, acme.country, str(acme.revenue)) == (
        "acme.example",
        260,
        "DE",
        "1000000.00",
    )


def test_a_joined_file_adds_its_columns_by_key(importing: Importing, tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_text("cid,job,id\nc1,CFO,x\nc2,CTO,y\n")
    mapping = {
        "source": "list",
        "match": {"external_id": "id"},
        "join": {"file": "contacts.csv", "column": "contact", "key": "cid", "as": "person."},
        "lead": {"title": "person.job"},
    }
    importing("id,contact\n1,c2\n2,c9\n", mapping)
    assert dict(LeadExternalId.objects.values_list("external_id", "lead__title")) == {"1": "CTO", "2": ""}


def test_consent_is_noted_once_and_a_withdrawal_is_never_overwritten(importing: Importing) -> None:
    mapping = {
        **PEOPLE,
        "consent": [
            {
                "channel": "email",
                "granted": {"column": "Level", "is": ["yes"]},
                "withdrawn": {"column": "Level", "is": ["no"]},
            }
        ],
    }
    for level in ("yes", "yes", "no", "no", "yes"):
        importing(f"{HEADER}\n1,A,,a@firm.example,,,{level},\n", mapping)
    assert list(ConsentEvent.objects.order_by("id").values_list("granted", flat=True)) == [True, False]


def test_P9_who_stands_in_a_file_with_a_yes_and_a_no_has_said_no(importing: Importing) -> None:
    mapping = {
        **PEOPLE,
        "consent": [
            {
                "channel": "email",
                "granted": {"column": "Level", "is": ["yes"]},
                "withdrawn": {"column": "Level", "is": ["no"]},
            }
        ],
    }
    importing(f"{HEADER}\n1,A,,a@firm.example,,,yes,\n1,A,,a@firm.example,,,no,\n", mapping)

    assert consent.current(lead=Lead.objects.get())["email"].granted is False


def test_a_file_that_cannot_be_read_is_told_of_in_whole_sentences(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(PEOPLE))
    fake, cut, gone = (tmp_path / name for name in ("fake.csv.gz", "cut.csv.gz", "gone.csv"))
    fake.write_text(f"{HEADER}\n")
    cut.write_bytes(gzip.compress(HEADER.encode() * 100)[:-12])

    for path, why in (
        (fake, "fake.csv.gz is no gzip file, as its name says. If it is plain CSV, rename it."),
        (cut, f"{cut} cannot be read: it ends before its time."),
        (gone, f"{gone} cannot be read: No such file or directory."),
    ):
        with pytest.raises(CommandError) as refused:
            call_command("import_leads", path, mapping=mapping)
        assert str(refused.value) == f"{why} Nothing of this file was imported."


def test_unknown_columns_are_named_with_a_guess_before_anything_is_imported(importing: Importing) -> None:
    with pytest.raises(CommandError) as refused:
        importing("Id,Fist,Lats,Emial,Phone,Firm,Level,Seats\n1,,,a@firm.example,,,,\n", PEOPLE)
    said = str(refused.value)
    assert "$.match.email: The file has no column “Email”. Did you mean “Emial”?" in said
    assert "$.lead.name.join[0]: The file has no column “First”. Did you mean “Fist”?" in said
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        ([], "$"),
        ({}, "$"),
        ({"match": {}}, "$.match"),
        ({"match": {"email": 3}}, "$.match.email"),
        ({"match": {"email": "E"}, "leads": {}}, "$"),
        ({"match": {"email": "E"}, "lead": {"stage": "S"}}, "$.lead"),
        ({"match": {"email": "E"}, "zone": "Mars/Base"}, "$.zone"),
        ({"match": {"email": "E"}, "kind": "outcomes"}, "$.outcome"),
        (
            {"match": {"email": "E"}, "activities": [{"type": "danced", "undated": True}]},
            "$.activities[0].type",
        ),
        ({"match": {"email": "E"}, "activities": [{"type": "visit"}]}, "$.activities[0]"),
        (
            {"match": {"email": "E"}, "activities": [{"type": "visit", "undated": True, "times": 1001}]},
            "$.activities[0].times",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_by_its_json_path(importing: Importing, mapping: Any, path: str) -> None:
    with pytest.raises(CommandError) as refused:
        importing("E\na@firm.example\n", mapping)
    assert f"  {path}: " in str(refused.value)


def test_what_happens_in_two_hundred_years_is_refused(importing: Importing, rejected: Rejected) -> None:
    mapping = {
        "source": "fair",
        "match": {"email": "E"},
        "activities": [{"type": "visit", "occurred_at": "At"}],
    }
    importing("E,At\nada@firm.example,2026-05-01\nbob@firm.example,2206-05-01\n", mapping)
    assert [(row["line"], row["reason"]) for row in rejected()] == [
        ("3", "At: Lies more than 24 hours in the future.")
    ]


def test_a_value_only_the_database_refuses_turns_away_its_row_alone(
    importing: Importing, rejected: Rejected
) -> None:
    """A trigger of the company's own stands for whatever nobody thought of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no Evas' USING ERRCODE = '22000'; END $$;"
            " CREATE TRIGGER refuse BEFORE INSERT ON leads_lead FOR EACH ROW WHEN (new.name = 'Eva')"
            " EXECUTE FUNCTION refuse()"
        )
    rows = "".join(f"{n},{'Eva' if n == 7 else 'Ada'},,,,,,\n" for n in range(1, 21))
    said = importing(f"{HEADER}\n{rows}", PEOPLE)
    assert "20 rows in = 19 created + 0 updated + 0 skipped + 1 rejected" in said
    assert [(row["line"], row["Id"]) for row in rejected()] == [("8", "7")]
    assert "no Evas" in rejected()[0]["reason"]


def test_many_rows_are_written_in_windows_of_a_constant_number_of_queries(
    importing: Importing, django_assert_max_num_queries: Any
) -> None:
    rows = "".join(f"{n},Ada,{n},a{n}@firm.example,,Firm {n},B,{n}\n" for n in range(3_000))
    with django_assert_max_num_queries(32):  # of three windows, savepoints included
        said = importing(f"{HEADER}\n{rows}", PEOPLE)
    assert "3000 created" in said


def test_what_would_turn_our_words_around_is_left_out_of_names(importing: Importing) -> None:
    importing(f"{HEADER}\n1,\u202eAda,Byron\u2066,ada@x.example,,,,\n", PEOPLE)
    assert Lead.objects.get().name == "Ada Byron"
