"""Answers from before frameworks were data find their questions, and go back to what they were."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import lead, rep

BEFORE, AFTER = [("handoff", "0006_queue")], [("handoff", "0007_lead_page")]


@pytest.mark.timeout(400)  # four times through the migrations
@pytest.mark.django_db(transaction=True)
def test_every_answer_keeps_question_level_note_author_and_moment():
    sol, ada = rep(), lead("Ada")
    own = ("spin", "implication", 1, "Loses a day a week.")
    said = [("bant", "budget", 3, "30k"), ("bant", "interest", 0, ""), ("bant", "mood", 2, "x"), own]
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps.get_model("handoff", "Qualification")
        for framework, question, level, note in said:
            old.objects.create(
                lead_id=ada.pk, framework=framework, question=question, level=level, note=note, by_id=sol.pk
            )
        moments = set(old.objects.values_list("at", flat=True))
        MigrationExecutor(connection).migrate(AFTER)
        new = apps.get_model("handoff", "Qualification")
        kept = {
            (each.question.framework.key, each.question.key, each.level, each.note)
            for each in new.objects.select_related("question__framework")
        }
        assert kept == set(said)
        assert set(new.objects.values_list("at", flat=True)) == moments
        assert not new.objects.get(question__key="mood").question.is_active
        back = MigrationExecutor(connection)
        back.migrate(BEFORE)
        again = back.loader.project_state(BEFORE).apps.get_model("handoff", "Qualification")
        fields = ("framework", "question", "level", "note")
        assert set(again.objects.values_list(*fields)) == set(said)
        again.objects.all().delete()
    finally:
        MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
