"""What a marketer says about a file: what it is, how it is written, what its columns are."""

import re
from typing import Any

from django import forms
from django.http import QueryDict

from capture.imports import uploading
from capture.imports.columns import LONGEST_KEY, OUTCOMES, STATUSES, slug
from capture.imports.recognising import OFFERED, TARGETS
from capture.models import Import
from leads.models import ActivityType

ENCODINGS = [
    ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 with a mark"), ("cp1252", "Western (Windows 1252)"),
    ("cp1250", "Central European (Windows 1250)"), ("cp1251", "Cyrillic (Windows 1251)"),
    ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16 LE"), ("mac_roman", "Mac Roman"), ("shift_jis",
    "Japanese (Shift JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
]  # fmt: skip
DELIMITERS = [(",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar")]
_NO_KEY = re.compile(r"[^a-z0-9_.-]+")


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV, also packed as .gz, of up to 500,000 rows; XLSX of up to 200,000. 200 MB at most.",
        error_messages={
            "required": f"Choose a file of up to {uploading.MOST_BYTES // 1024**2} MB.",
            "empty": "This file is empty.",
        },
    )
    kind = forms.ChoiceField(
        label="What each row is",
        choices=[
            ("leads", "A person"), ("companies", "A company"), ("activities", "Something a known lead did"),
            ("outcomes", "How a deal of a known lead ended"),
        ],
        initial="leads",
    )  # fmt: skip
    source = forms.CharField(
        label="Where it is from",
        max_length=60,
        help_text="A short name such as hubspot or fair-2026. Ids in the file are known under it.",
    )
    live = forms.BooleanField(
        label="Leads that cross the line go to sales at once",
        required=False,
        help_text="Otherwise they wait under Held crossings until somebody lets them go.",
    )

    def clean_source(self) -> str:
        name = _NO_KEY.sub("-", str(self.cleaned_data["source"]).lower()).strip("-._")
        if not name:
            raise forms.ValidationError("Use letters or digits.")
        return name[:60]


class ReadingForm(forms.Form):
    """How the file is written, as it was found out or as somebody knows better."""

    encoding = forms.ChoiceField(label="Encoding", choices=ENCODINGS)
    delimiter = forms.ChoiceField(label="Between cells", choices=DELIMITERS)

    def __init__(self, *args: Any, one: Import, **options: Any) -> None:
        found = {"encoding": one.looked["encoding"], "delimiter": one.looked["delimiter"]}
        if one.is_spreadsheet:
            found = {"sheet": one.looked["sheet"]}
        options["initial"] = found
        super().__init__(*args, **options)
        if one.is_spreadsheet:
            names = [(name, name) for name in one.looked["sheets"]]
            self.fields = {"sheet": forms.ChoiceField(label="Sheet", choices=names)}
            return
        field = self.fields["encoding"]
        if isinstance(field, forms.ChoiceField) and found["encoding"] not in dict(ENCODINGS):
            field.choices = [*ENCODINGS, (found["encoding"], found["encoding"])]


def read_choices(one: Import, data: QueryDict) -> list[dict[str, Any]]:
    """What the page sent about each column. What it did not send stays as it was; what was changed by hand is
    sure."""
    types = set(ActivityType.objects.values_list("key", flat=True))
    offered = OFFERED[one.kind]
    found = []
    for place, (choice, column) in enumerate(zip(one.choices, one.looked["columns"], strict=True)):
        target = data.get(f"as-{place}", choice["as"])
        target = target if target in offered else "skip"
        changed = target != choice["as"]
        key = "" if changed else choice["key"]
        if target == "attribute" and not changed and (typed := data.get(f"key-{place}")):
            key = key if typed == key else slug(typed)[:LONGEST_KEY]
        elif target in ("activity_at", "activity_times"):
            typed = data.get(f"key-{place}", key)
            key = typed if typed in types else ""
        allowed = types | {""} if target == "activity_type" else set(STATUSES)
        values = {} if changed else dict(choice["values"])
        for number, (value, _) in enumerate(column["values"] or []):
            if (
                (means := data.get(f"value-{place}-{number}")) is not None
                and means in allowed
                and not changed
            ):
                values[value] = means
        sure = choice["sure"] or changed or f"sure-{place}" in data
        found.append({**choice, "as": target, "key": key, "values": values, "sure": sure})
    return found


def rows_of(one: Import, problems: list[tuple[int | None, str]]) -> list[dict[str, Any]]:
    """Each column as the page shows it."""
    types = list(ActivityType.objects.order_by("label").values_list("key", "label"))
    wrong = {place: what for place, what in problems if place is not None}
    options = [(target, TARGETS[target]) for target in OFFERED[one.kind]]
    meanings = {
        "status": list((OUTCOMES if one.kind == Import.Kind.OUTCOMES else STATUSES).items()),
        "activity_type": [("", "Is left out"), *types],
    }
    return [
        {
            "place": place,
            "column": column,
            "choice": choice,
            "options": options,
            "types": types if choice["as"] in ("activity_at", "activity_times") else [],
            "asks_key": choice["as"] in ("attribute", "activity_at", "activity_times"),
            "values": [
                (number, value, count, choice["values"].get(value, ""))
                for number, (value, count) in enumerate(column["values"] or [])
            ]
            if choice["as"] in meanings
            else [],
            "too_many": choice["as"] in meanings and column["values"] is None,
            "meanings": meanings.get(choice["as"], []),
            "problem": wrong.get(place, ""),
        }
        for place, (choice, column) in enumerate(zip(one.choices, one.looked["columns"], strict=True))
    ]
