"""What merging does to the rows that point at a lead, and how it is taken back.

Every model with a key to a lead says what becomes of its rows, in its own app: a step, registered with
``settles``. A step works through the verbs of ``Folding``, which write down what they did; undoing reads
that backwards, so no app needs to say how its step is undone. What came since and belongs to the lead that
is back, an app says with ``goes_back``. A relation nobody settles fails a test, and a merge fails rather than
lose its rows: the dropped lead cannot go while anything points at it.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, ForeignObjectRel, GeneratedField, Model, QuerySet

from .models import Lead

if TYPE_CHECKING:
    from accounts.models import User

    from .models import Merge

Step = Callable[["Folding"], None]
#: Says why a merge can be undone no more; "" when nothing stands in the way.
Objection = Callable[["Merge"], str]
#: Gives the lead that is back what else belongs to these activities of the kept one, which go back to it.
Return = Callable[["Merge", Collection[int]], None]

#: "app.Model.field" → what settles it, in the order in which apps said so: the lower ones first.
settled: dict[str, Step] = {}
objections: list[Objection] = []
returning: list[Return] = []


def settles(*relations: str) -> Callable[[Step], Step]:
    """Decorate the step that says what merging means for these relations, each as "app.Model.field"."""

    def register(step: Step) -> Step:
        settled.update(dict.fromkeys(relations, step))
        return step

    return register


def objects(objection: Objection) -> Objection:
    """Decorate what may stand in the way of undoing."""
    objections.append(objection)
    return objection


def goes_back(step: Return) -> Return:
    """Decorate what takes the rest along when activities go back. Both leads are there by then, and the
    activities still the kept one's."""
    returning.append(step)
    return step


def relations() -> set[str]:
    """Every relation to a lead that there is."""
    return {
        f"{found.related_model._meta.label}.{found.field.name}"
        for found in Lead._meta.get_fields(include_hidden=True)
        if isinstance(found, ForeignObjectRel) and isinstance(found.related_model, type)
    }


@dataclass(slots=True)
class Folding:
    """A merge under way. ``ahead`` is the one of the two that is further: where it stands, the kept lead will
    stand, and its handoff and its place over the lines are those that go on."""

    keep: Lead
    drop: Lead
    ahead: Lead
    by: "User"
    at: datetime
    steps: list[dict[str, Any]] = field(default_factory=list)

    def move(
        self,
        model: type[Model],
        name: str = "lead",
        *,
        only: QuerySet[Any] | None = None,
        unless_there: Sequence[str] = (),
        counted_on: tuple[str, int] | None = None,
    ) -> None:
        """The dropped lead's rows, or ``only`` these of them, are the kept one's. Of rows that would say the
        same twice, those equal in ``unless_there``, the kept lead's stay. ``counted_on`` adds to a column
        that numbers a lead's rows."""
        table, column, pk = _names(model, name)
        of_drop, values = f"{column} = %s", list[Any]([self.drop.pk])
        if only is not None:
            of_drop += f" AND {pk} = ANY(%s)"
            values.append(list(only.values_list("pk", flat=True)))
        if unless_there:
            columns = [_column(model, each) for each in unless_there]
            same = " AND ".join(f'o."{each}" = t."{each}"' for each in columns)
            self._take_out(
                model,
                f"DELETE FROM {table} t WHERE t.{column} = %s AND EXISTS"
                f" (SELECT 1 FROM {table} o WHERE o.{column} = %s AND {same}) RETURNING t.*",
                [self.drop.pk, self.keep.pk],
            )
        number, more = counted_on or ("", 0)
        and_count = f', "{number}" = "{number}" + {int(more)}' if number else ""
        moved = _ids(
            f"UPDATE {table} SET {column} = %s{and_count} WHERE {of_drop} RETURNING {pk}",
            [self.keep.pk, *values],
        )
        if moved:
            self._note("move", model, name=name, ids=moved, number=number, more=int(more))

    def remove(self, model: type[Model], name: str = "lead") -> None:
        """The dropped lead's rows go; undoing brings them back."""
        table, column, _ = _names(model, name)
        self._take_out(model, f"DELETE FROM {table} t WHERE t.{column} = %s RETURNING t.*", [self.drop.pk])

    def take_out(self, rows: QuerySet[Any]) -> None:
        """The same for ``rows``, whosever they are."""
        table, _, pk = _names(rows.model, rows.model._meta.pk.name)
        ids = list(rows.values_list("pk", flat=True))
        self._take_out(rows.model, f"DELETE FROM {table} t WHERE t.{pk} = ANY(%s) RETURNING t.*", [ids])

    def number(self, rows: QuerySet[Any], column: str, ids: Sequence[int]) -> None:
        """Number ``rows`` from 1 in the order of ``ids``, although no two may have one number meanwhile."""
        before = dict(rows.values_list("pk", column))
        wanted = [[pk, before[pk], place] for place, pk in enumerate(ids, start=1) if before[pk] != place]
        if wanted:
            _renumber(rows.model, column, [(pk, number) for pk, _, number in wanted])
            self._note("number", rows.model, column=column, rows=wanted)

    def forget(self, model: type[Model], name: str = "lead") -> None:
        """The dropped lead's rows go for good: they are made anew where they are needed."""
        table, column, _ = _names(model, name)
        _ids(f"DELETE FROM {table} WHERE {column} = %s RETURNING {column}", [self.drop.pk])

    def change(self, rows: QuerySet[Any], **values: Any) -> None:
        """``values`` are so in ``rows``; undoing restores those in which they still are. They are restored
        together: a column that somebody may change by itself is a change of its own."""
        model = rows.model
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        if not ids:
            return
        columns = [_column(model, each) for each in values]
        before = _pictures(model, columns, ids)
        model._base_manager.filter(pk__in=ids).update(**values)
        after = _pictures(model, columns, ids)
        rows_changed = [[pk, before[pk], after[pk]] for pk in ids if before[pk] != after[pk]]
        if rows_changed:
            self._note("change", model, columns=columns, rows=rows_changed)

    def add(self, row: Model) -> None:
        """Save a new row; undoing deletes it."""
        row.save(force_insert=True)
        self._note("add", type(row), ids=[row.pk])

    def remember(self, model: type[Model]) -> None:
        """How far the rows of ``model`` have come: what is written down later came since the merge."""
        last = model._base_manager.order_by("-pk").values_list("pk", flat=True).first()
        self._note("last", model, key=last or 0)

    def _take_out(self, model: type[Model], statement: str, values: Sequence[Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"WITH gone AS ({statement}) SELECT to_jsonb(gone)::text FROM gone", values)
            gone = [row for (row,) in cursor.fetchall()]
        if gone:
            self._note("remove", model, rows=gone)

    def drop_lead(self) -> None:
        """The dropped lead's own row."""
        self._take_out(
            Lead, f"DELETE FROM {Lead._meta.db_table} t WHERE t.id = %s RETURNING t.*", [self.drop.pk]
        )

    def _note(self, did: str, model: type[Model], **what: Any) -> None:
        self.steps.append({"did": did, "model": model._meta.label, **what})


def walk_back(*, steps: Iterable[dict[str, Any]], keep: int, drop: int) -> None:
    """Take back what ``steps`` say, the last first. What somebody changed since stays as it is."""
    for step in reversed(list(steps)):
        _BACK[step["did"]](apps.get_model(step["model"]), step, keep, drop)


def moved_ids(steps: Iterable[dict[str, Any]], model: type[Model]) -> list[int]:
    """The keys of the rows of ``model`` that were the dropped lead's."""
    label = model._meta.label
    return [pk for step in steps if step["did"] == "move" and step["model"] == label for pk in step["ids"]]


def added_ids(steps: Iterable[dict[str, Any]], model: type[Model]) -> list[int]:
    """The keys of the rows of ``model`` that the merge itself added."""
    label = model._meta.label
    return [pk for step in steps if step["did"] == "add" and step["model"] == label for pk in step["ids"]]


def last_before(steps: Iterable[dict[str, Any]], model: type[Model]) -> int:
    """The last key of ``model`` when the merge was made, which ``remember`` noted."""
    label = model._meta.label
    return next(int(step["key"]) for step in steps if step["did"] == "last" and step["model"] == label)


def _move_back(model: type[Model], step: dict[str, Any], keep: int, drop: int) -> None:
    table, column, pk = _names(model, step["name"])
    number = step["number"]
    and_count = f', "{number}" = "{number}" - {int(step["more"])}' if number else ""
    _ids(
        f"UPDATE {table} SET {column} = %s{and_count} WHERE {pk} = ANY(%s) AND {column} = %s RETURNING {pk}",
        [drop, step["ids"], keep],
    )


def _bring_back(model: type[Model], step: dict[str, Any], keep: int, drop: int) -> None:
    """Without what points at something that is gone since: a row that must point there is gone, too. A column
    that is newer than the merge has its default."""
    table, known = model._meta.db_table, json.loads(step["rows"][0]).keys()
    columns, selected, there, values = [], [], ["true"], list[Any]()
    for each in model._meta.concrete_fields:
        if each.column is None or isinstance(each, GeneratedField):
            continue
        if each.column in known:
            selected.append(_if_there(each))
            if not each.null and (exists := _exists(each)):
                there.append(exists)
        elif each.has_db_default():
            continue
        else:
            selected.append("%s")
            values.append(each.get_db_prep_save(each.get_default(), connection))
        columns.append(f'"{each.column}"')
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
            f" SELECT {', '.join(selected)} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS r"
            f" WHERE {' AND '.join(there)}" + ("" if model is Lead else " ON CONFLICT DO NOTHING"),
            [*values, f"[{', '.join(step['rows'])}]"],
        )


def _change_back(model: type[Model], step: dict[str, Any], keep: int, drop: int) -> None:
    """Where the old value points at something that is gone since, it points at nothing."""
    fields = {each.column: each for each in model._meta.concrete_fields}
    columns = ", ".join(f'"{each}"' for each in step["columns"])
    restored = ", ".join(_if_there(fields[each]) for each in step["columns"])
    table, pk = model._meta.db_table, f'"{model._meta.pk.column}"'
    picture = _picture(step["columns"])
    rows = [f'{{"pk": {row}, "before": {before}, "after": {after}}}' for row, before, after in step["rows"]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET ({columns}) ="
            f" (SELECT {restored} FROM jsonb_populate_record(t, s.before) AS r)"
            " FROM jsonb_to_recordset(%s::jsonb) AS s (pk bigint, before jsonb, after jsonb)"
            f" WHERE t.{pk} = s.pk AND {picture} = s.after",
            [f"[{', '.join(rows)}]"],
        )


def _exists(field: "Field[Any, Any]") -> str:
    """SQL: what ``field`` of row r points at is there; "" for a field that points at nothing."""
    if not isinstance(field, ForeignKey):
        return ""
    there = field.target_field
    return (
        f'EXISTS (SELECT 1 FROM {there.model._meta.db_table} o WHERE o."{there.column}" = r."{field.column}")'
    )


def _if_there(field: "Field[Any, Any]") -> str:
    """SQL: ``field`` of row r, or NULL where what it points at is gone and it may be."""
    exists = _exists(field) if field.null else ""
    return f'CASE WHEN {exists} THEN r."{field.column}" END' if exists else f'r."{field.column}"'


def _take_away(model: type[Model], step: dict[str, Any], keep: int, drop: int) -> None:
    model._base_manager.filter(pk__in=step["ids"]).delete()


def _nothing_back(model: type[Model], step: dict[str, Any], keep: int, drop: int) -> None:
    """It was only noted."""


def _number_back(model: type[Model], step: dict[str, Any], keep: int, drop: int) -> None:
    _renumber(model, step["column"], [(pk, before) for pk, before, _ in step["rows"]])


#: Beyond any number a lead's rows have, and within a small integer twice over.
FAR = 10_000


def _renumber(model: type[Model], column: str, rows: Sequence[tuple[int, int]]) -> None:
    """In two steps: a unique index looks at each row by itself, while others still have their old number."""
    ids, numbers = zip(*rows, strict=True)
    table, pk = model._meta.db_table, f'"{model._meta.pk.column}"'
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {table} t SET "{column}" = s.number + {FAR}'
            " FROM unnest(%s::bigint[], %s::int[]) AS s (pk, number)"
            f" WHERE t.{pk} = s.pk",
            [list(ids), list(numbers)],
        )
        cursor.execute(
            f'UPDATE {table} SET "{column}" = "{column}" - {FAR} WHERE {pk} = ANY(%s)', [list(ids)]
        )


_BACK = {
    "move": _move_back,
    "remove": _bring_back,
    "change": _change_back,
    "number": _number_back,
    "add": _take_away,
    "last": _nothing_back,
}


def _picture(columns: Sequence[str]) -> str:
    """SQL: these columns of row t as the text of an object would have them."""
    pairs = ", ".join(f"'{each}', t.\"{each}\"" for each in columns)
    return f"jsonb_build_object({pairs})"


def _pictures(model: type[Model], columns: Sequence[str], ids: Sequence[int]) -> dict[int, str]:
    """Row → these columns, as JSON in the database's own words: exact, which a trip through Python's numbers
    would not be."""
    pk = f'"{model._meta.pk.column}"'
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.{pk}, {_picture(columns)}::text FROM {model._meta.db_table} t WHERE t.{pk} = ANY(%s)",
            [list(ids)],
        )
        return dict(cursor.fetchall())


def _names(model: type[Model], name: str) -> tuple[str, str, str]:
    """The table, the column of the relation and that of the primary key."""
    return model._meta.db_table, f'"{_column(model, name)}"', f'"{model._meta.pk.column}"'


def _column(model: type[Model], name: str) -> str:
    field = model._meta.get_field(name)
    if not isinstance(field, Field) or field.column is None:
        raise TypeError(f"{model._meta.label}.{name} is no column.")
    return field.column


def _ids(statement: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
