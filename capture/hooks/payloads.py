"""Read the body of a post, whatever it calls itself: JSON, or the fields of a form."""

from typing import Any
from urllib.parse import parse_qsl

from capture.reading import NotJson, parse

MOST_FORM_FIELDS = 1_000


class NotReadable(ValueError):
    """The body is neither JSON nor a form; the message says why."""


def read(body: str, content_type: str) -> Any:
    """The object or list in ``body``. A form becomes an object; a field that comes twice, a list. What calls
    itself a form or plain text may hold JSON all the same (Amazon SNS says text/plain). Raises
    NotReadable."""
    text = body.removeprefix("\ufeff").strip()
    if not text:
        raise NotReadable("The body is empty.")
    is_form = content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
    if is_form and text[:1] not in ("{", "["):
        return _form(text)
    try:
        value = parse(text.encode(errors="surrogatepass"))
    except NotJson as problem:
        if "=" in text.partition("\n")[0] and text[:1] not in ("{", "[", "<", '"'):
            return _form(text)
        raise NotReadable(f"{problem}") from None
    if not isinstance(value, dict | list):
        raise NotReadable("The body is JSON, but neither an object nor a list.")
    return value


def _form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS)
    except ValueError:
        raise NotReadable(f"The form has more than {MOST_FORM_FIELDS:,} fields.") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    if not fields:
        raise NotReadable("The form has no fields.")
    return fields
