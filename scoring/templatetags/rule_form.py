"""What the rule page's form says of a fault at its control: ``{% load rule_form %}``. ``static/js/rules.js``
puts and takes away the same."""

from collections.abc import Mapping

from django import template
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
def wrong(errors: Mapping[str, str], control: str, of: str = "", also: str = "") -> str:
    """The attributes of ``control`` (of the node named ``of``) when ``errors`` has it; ``also`` is the id of
    what describes it in any case."""
    full = f"{of}-{control}" if of else control
    if full in errors:
        return format_html(
            ' aria-invalid="true" aria-describedby="{}"', f"{also} err-{full}" if also else f"err-{full}"
        )
    return format_html(' aria-describedby="{}"', also) if also else ""


@register.inclusion_tag("scoring/_faults.html")
def faults(errors: Mapping[str, str], *controls: str, of: str = "") -> dict[str, list[tuple[str, str]]]:
    """A paragraph for each of ``controls`` that is wrong; without any, for all of the node ``of`` itself."""
    if not controls:
        return {"faults": [(key, text) for key, text in errors.items() if key.rpartition("-")[0] == of]}
    return {"faults": [(control, errors[control]) for control in controls if control in errors]}
