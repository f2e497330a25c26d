"""What is asked of leads becomes data, and every answer stays; tasks, ratings, disputes, and what begins anew after
a rejection."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

LEVELS = [
    (0, "unknown", "Unknown"),
    (1, "weak", "Weak"),
    (2, "likely", "Likely"),
    (3, "confirmed", "Confirmed"),
]
#: key → name, in use, questions: key, letter, label, what the note asks, of the first contact
FRAMEWORKS = {
    "bant": (
        "BANT",
        True,
        [
            ("interest", "i", "Interest", "In what, and are we an option for them?", True),
            ("motivation", "m", "Motivation", "What makes them want to buy?", True),
            ("budget", "b", "Budget", "Who pays, how much, approved?", False),
            ("authority", "u", "Authority", "Who decides, who else has a say?", False),
            ("need", "n", "Need", "What hurts today?", False),
            ("timing", "t", "Timing", "When must it run, and why then?", False),
        ],
    ),
    "meddic": (
        "MEDDIC",
        False,
        [
            ("metrics", "m", "Metrics", "What would it save or earn, in figures?", False),
            ("economic_buyer", "e", "Economic buyer", "Who can say yes to the money?", False),
            ("decision_criteria", "d", "Decision criteria", "By what will they choose?", False),
            ("decision_process", "p", "Decision process", "Who does what by when until they sign?", False),
            ("pain", "i", "Identified pain", "What hurts, and whom?", False),
            ("champion", "c", "Champion", "Who sells it for us inside?", False),
        ],
    ),
    "champ": (
        "CHAMP",
        False,
        [
            ("challenges", "c", "Challenges", "What hurts today?", False),
            ("authority", "u", "Authority", "Who decides, who else has a say?", False),
            ("money", "m", "Money", "Who pays, how much, approved?", False),
            ("prioritization", "p", "Prioritization", "What comes before this, and when is it done?", False),
        ],
    ),
}
TALKS = ["call_logged", "meeting_held", "demo_attended"]


def fill(apps, schema_editor):
    """The frameworks that come with the product; each answer there is finds its question in one."""
    models = {
        name: apps.get_model("handoff", name) for name in ("Framework", "Question", "Level", "Requirement")
    }
    for number, (key, (name, in_use, questions)) in enumerate(FRAMEWORKS.items(), start=1):
        framework = models["Framework"].objects.create(
            key=key, name=name, is_active=in_use, position=10 * number
        )
        _levels(models["Level"].objects, framework)
        models["Question"].objects.bulk_create(
            models["Question"](
                framework=framework,
                key=each,
                shortcut=letter,
                label=label,
                hint=hint,
                of_first_contact=first,
                position=10 * place,
            )
            for place, (each, letter, label, hint, first) in enumerate(questions, start=1)
        )
        models["Requirement"].objects.bulk_create(
            [
                models["Requirement"](framework=framework, kind="answers", position=10),
                models["Requirement"](
                    framework=framework, kind="activity", words="a talk or demo", types=TALKS, position=20
                ),
            ]
        )
    _find_questions(apps.get_model("handoff", "Qualification").objects, models)
    _reasons(apps.get_model("handoff", "RejectReason").objects)


def _levels(levels, framework):
    model = levels.model
    levels.bulk_create(
        model(framework=framework, value=value, key=key, label=label) for value, key, label in LEVELS
    )


def _find_questions(answers, models):
    """A question that nobody asks any more, or of a framework of one's own, is kept switched off."""
    for framework_key, key in list(answers.values_list("framework", "question_key").distinct()):
        framework, made = models["Framework"].objects.get_or_create(
            key=framework_key, defaults={"name": framework_key.upper(), "is_active": False}
        )
        if made:
            _levels(models["Level"].objects, framework)
        question, _ = models["Question"].objects.get_or_create(
            framework=framework,
            key=key,
            defaults={"label": key.replace("_", " ").capitalize(), "is_active": False},
        )
        answers.filter(framework=framework_key, question_key=key).update(question=question)


def _reasons(reasons):
    """They keep their order and digits; what C-51 lists and was missing is added."""
    reasons.update(position=models.F("key") * 10)
    reasons.filter(code="unreachable", label="Cannot be reached").update(label="No answer after 3 tries")
    reasons.get_or_create(
        code="not_a_project",
        defaults={"label": "Not a project", "key": None, "destination": "closed", "position": 100},
    )


def empty(apps, schema_editor):
    """Back: every answer knows the key of its question and framework again. A reason without a digit goes,
    unless a verdict names it: then there is no way back."""
    apps.get_model("handoff", "RejectReason").objects.filter(key=None, verdicts=None).delete()
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    Qualification = apps.get_model("handoff", "Qualification")
    for question in apps.get_model("handoff", "Question").objects.select_related("framework"):
        Qualification.objects.filter(question=question).update(
            question_key=question.key, framework=question.framework.key
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("handoff", "0006_queue"),
        ("leads", "0008_opportunity_stages"),
        ("scoring", "0013_based_on_may_go"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("was_sql", models.BooleanField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DisputeWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "side",
                    models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=9),
                ),
                ("was_sql", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Framework",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=100, help_text="Of two that suit a lead equally, the lower one asks."
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
        ),
        migrations.CreateModel(
            name="Level",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.PositiveSmallIntegerField(help_text="0 is unknown; more is surer.")),
                ("key", models.SlugField(help_text="What other systems send.", max_length=20)),
                ("label", models.CharField(max_length=30)),
            ],
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40)),
                ("label", models.CharField(max_length=60)),
                ("hint", models.CharField(blank=True, help_text="What the note asks.", max_length=120)),
                (
                    "shortcut",
                    models.CharField(
                        blank=True,
                        help_text="The letter that leads to it on the lead page.",
                        max_length=1,
                        validators=[django.core.validators.RegexValidator("^[a-z]$", "One small letter.")],
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(default=100, help_text="Lower is asked first."),
                ),
                (
                    "of_first_contact",
                    models.BooleanField(
                        default=False,
                        help_text="Asked before acceptance, where the company asks anything then (S0-12).",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="asked")),
            ],
        ),
        migrations.CreateModel(
            name="Rating",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "score",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ]
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RecyclingRule",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "resets",
                    models.CharField(
                        choices=[
                            ("both", "Engagement and intent begin anew"),
                            ("engagement", "Engagement begins anew, intent stays"),
                            ("nothing", "Everything stays"),
                        ],
                        default="both",
                        max_length=10,
                    ),
                ),
                ("edited_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Requirement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("answers", "Answers"), ("activity", "Something that happened")],
                        max_length=8,
                    ),
                ),
                (
                    "questions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="Keys of questions; empty: all that are asked.",
                        size=None,
                    ),
                ),
                (
                    "least_level",
                    models.PositiveSmallIntegerField(default=1, help_text="At least this level."),
                ),
                (
                    "words",
                    models.CharField(
                        blank=True, help_text="What is missing, in words: “a talk or demo”.", max_length=80
                    ),
                ),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        help_text="Keys of activity types; one of them is enough.",
                        size=None,
                    ),
                ),
                ("times", models.PositiveSmallIntegerField(default=1, help_text="So often.")),
                (
                    "within_days",
                    models.PositiveSmallIntegerField(blank=True, help_text="Empty: ever.", null=True),
                ),
                ("position", models.PositiveSmallIntegerField(default=100)),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reminded_at",
                    models.DateTimeField(blank=True, help_text="When it was said to be due.", null=True),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="qualification",
            name="handoff_qualification_once",
        ),
        migrations.RemoveConstraint(
            model_name="qualification",
            name="handoff_qualification_level_known",
        ),
        migrations.AddField(
            model_name="rejectreason",
            name="position",
            field=models.PositiveSmallIntegerField(
                default=100, help_text="Lower comes first; the first six are shown at once."
            ),
        ),
        migrations.AlterField(
            model_name="qualification",
            name="level",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="rejectreason",
            name="is_active",
            field=models.BooleanField(default=True, verbose_name="in use"),
        ),
        migrations.AlterField(
            model_name="rejectreason",
            name="key",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="The digit that chooses it, 1 to 9; empty for none.",
                null=True,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="verdict",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="dispute", to="handoff.verdict"
            ),
        ),
        migrations.AddField(
            model_name="disputeword",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="disputeword",
            name="dispute",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="words", to="handoff.dispute"
            ),
        ),
        migrations.AddField(
            model_name="framework",
            name="scoring_models",
            field=models.ManyToManyField(
                blank=True,
                help_text="Only leads for whom one of these leads; none: every product.",
                related_name="+",
                to="scoring.scoringmodel",
            ),
        ),
        migrations.AddField(
            model_name="framework",
            name="teams",
            field=models.ManyToManyField(
                blank=True,
                help_text="Only leads of these; none: of every team.",
                related_name="+",
                to="accounts.team",
            ),
        ),
        migrations.AddField(
            model_name="level",
            name="framework",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="levels", to="handoff.framework"
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="framework",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="handoff.framework"
            ),
        ),
        migrations.AddField(
            model_name="rating",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rating",
            name="handoff",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="rating", to="handoff.handoff"
            ),
        ),
        migrations.AddField(
            model_name="recyclingrule",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="requirement",
            name="framework",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="requirements",
                to="handoff.framework",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="done_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="leads.lead"
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["-at", "-id"], name="handoff_dispute_newest"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at", None), ("was_sql", None)),
                    models.Q(("settled_at__isnull", False), ("was_sql__isnull", False)),
                    _connector="OR",
                ),
                name="handoff_dispute_settled_with_outcome",
            ),
        ),
        migrations.AddIndex(
            model_name="disputeword",
            index=models.Index(fields=["dispute", "side", "-at", "-id"], name="handoff_disputeword_latest"),
        ),
        migrations.AddConstraint(
            model_name="level",
            constraint=models.UniqueConstraint(
                fields=("framework", "value"), name="handoff_level_value_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="level",
            constraint=models.UniqueConstraint(fields=("framework", "key"), name="handoff_level_key_once"),
        ),
        migrations.AddConstraint(
            model_name="level",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__lte", 9)), name="handoff_level_value_is_digit"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(fields=("framework", "key"), name="handoff_question_key_once"),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(
                condition=models.Q(models.Q(("shortcut", ""), _negated=True), ("is_active", True)),
                fields=("framework", "shortcut"),
                name="handoff_question_shortcut_once",
                violation_error_message="Another question has this letter.",
            ),
        ),
        migrations.AddIndex(
            model_name="rating",
            index=models.Index(fields=["at"], include=("score", "handoff"), name="handoff_rating_trend"),
        ),
        migrations.AddConstraint(
            model_name="rating",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__range", (1, 5))), name="handoff_rating_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="recyclingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="handoff_recyclingrule_only_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "answers"),
                    models.Q(models.Q(("words", ""), _negated=True), ("types__len__gt", 0)),
                    _connector="OR",
                ),
                name="handoff_requirement_names_what",
                violation_error_message="Name the activities, and what is missing without them.",
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(("least_level__range", (1, 9)), ("times__gte", 1)),
                name="handoff_requirement_asks",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["lead", "-due_at"], name="handoff_task_of_lead"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("done_at", None)), fields=["owner", "due_at"], name="handoff_task_open"
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("done_at", None), ("reminded_at", None)),
                fields=["due_at"],
                name="handoff_task_to_remind",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("done_by", None)),
                    models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                    _connector="OR",
                ),
                name="handoff_task_done_by_somebody",
            ),
        ),
        migrations.RenameField(model_name="qualification", old_name="question", new_name="question_key"),
        migrations.AddField(
            model_name="qualification",
            name="question",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answers",
                to="handoff.question",
            ),
        ),
        migrations.RunPython(fill, empty),
        migrations.AlterField(
            model_name="qualification",
            name="question",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="handoff.question"
            ),
        ),
        # Way back: the column comes back filled with something, and then ``empty`` fills it rightly.
        migrations.AlterField("qualification", "question_key", models.CharField(max_length=32, default="")),
        migrations.RemoveField(model_name="qualification", name="question_key"),
        migrations.RemoveField(model_name="qualification", name="framework"),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.UniqueConstraint(
                fields=("lead", "question"), name="handoff_qualification_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__lte", 9)), name="handoff_qualification_level_known"
            ),
        ),
    ]
