"""The rule book as one Markdown text, to send round or to keep."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from . import rule_book
from .rule_book import Chapter, Entry, GoodLead

_MINUS = "\u2212"
#: What Markdown or HTML could take for more than text.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def as_markdown(*, chapters: Sequence[Chapter], at: datetime, workspace: str) -> str:
    """What the page says, from the same chapters. Names that strangers typed stay plain text."""
    lines = [f"# Rule book of {_plain(workspace)}", "", f"As of {at.day} {at:%B %Y, %H:%M %Z}."]
    for chapter in chapters:
        lines += ["", *_chapter(chapter)]
    if not chapters:
        lines += ["", "No model is live."]
    return "\n".join(lines) + "\n"


def _chapter(chapter: Chapter) -> Iterator[str]:
    version = chapter.said.version
    yield f"## {_plain(str(version))}"
    yield ""
    if log := version.last_publication():
        yield f"Live since {log.at.day} {log.at:%B %Y}: “{_plain(log.reason)}”"
    for note in filter(None, (chapter.said.applies_to, chapter.counted)):
        yield ""
        yield _plain(note)
    for stage, triggers in chapter.stages:
        yield from (
            "",
            f"### {'MQL: marketing works with it' if stage.stage == 'mql' else 'SQL: goes to sales'}",
            "",
        )
        yield from (f"- **The line.** {_plain(line)}" for line in stage.lines)
        for entry in triggers:
            yield from _entry(entry)
        if not stage.lines and not triggers:
            yield "No line and no trigger: leads do not come here by themselves."
    yield from ("", "### Never handed to sales", "")
    for entry in chapter.blockers:
        yield from _entry(entry)
    if not chapter.blockers:
        yield "Nothing keeps a lead from sales."
    for dimension, entries in chapter.dimensions:
        most = f"{dimension.ceiling} points at most" if dimension.ceiling else "no ceiling"
        yield from ("", f"### {dimension.label}: {dimension.about} ({dimension.graded or most})", "")
        for entry in entries:
            yield from _entry(entry)
        if not entries:
            yield "No rule gives such points."
    if chapter.groups:
        yield from ("", "### Points shared", "")
        yield from (f"- {_plain(group)}" for group in chapter.groups)
    if chapter.good:
        yield from ("", "### Where the line runs")
        for good in chapter.good:
            yield from _good(good)
    if chapter.said.off:
        yield from ("", "### Turned off", "")
        yield from (f"- **{_plain(part.label)}.** {_plain(part.sentence)}" for part in chapter.said.off)


def _entry(entry: Entry) -> Iterator[str]:
    points = f" ({_signed(entry.said.points)})" if entry.said.points is not None else ""
    yield f"- **{_plain(entry.said.label)}**{points}. {_plain(entry.said.sentence)} _{entry.holders}._"
    for example in entry.examples:
        earned = (
            f": {_plain(example.evidence)}, {_signed(example.points)}" if example.points is not None else ""
        )
        yield f"  - {_plain(rule_book.named(example.lead))}{earned}"


def _good(good: GoodLead) -> Iterator[str]:
    yield from ("", f"**Just {'over' if good.over else 'under'}: {_plain(rule_book.named(good.lead))}**", "")
    for dimension in good.explanation.dimensions:
        figure = dimension.grade or _number(dimension.points)
        line = "" if dimension.line is None else f", line {dimension.line_grade or dimension.line}"
        yield f"- {dimension.key.capitalize()} {figure}{line}"
        for reason in dimension.reasons:
            yield f"  - {_plain(reason.label)}: {_signed(reason.points)}"


def _plain(text: str) -> str:
    """On one line, with everything escaped that means something."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _number(points: float) -> str:
    return f"{points:.1f}".removesuffix(".0").replace("-", _MINUS)


def _signed(points: float) -> str:
    return _number(points) if points < 0 else f"+{_number(points)}"
