"""How far deals are, why they are lost and to whom; who has a company's account."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import leads.models.opportunity
from leads.activity_types import STARTERS

STAGES = [
    ("discovery", "Discovery", 10),
    ("solution", "Solution shown", 30),
    ("proposal", "Proposal sent", 50),
    ("negotiation", "Negotiation", 75),
    ("agreed", "Agreed by word", 90),
]
REASONS = [
    ("price", "Too expensive"),
    ("competitor", "Chose a competitor"),
    ("no_decision", "Nothing was decided"),
    ("not_now", "Not now"),
    ("no_budget", "The budget is gone"),
    ("product", "The product lacks something"),
    ("other", "Another reason"),
]


def fill(apps, schema_editor):
    """What a fresh company starts with; open deals stand at the first stage."""
    Stage = apps.get_model("leads", "OpportunityStage")
    Stage.objects.bulk_create(
        Stage(key=key, label=label, probability=probability, position=10 * number)
        for number, (key, label, probability) in enumerate(STAGES, start=1)
    )
    Reason = apps.get_model("leads", "LossReason")
    Reason.objects.bulk_create(
        Reason(code=code, label=label, position=10 * number)
        for number, (code, label) in enumerate(REASONS, start=1)
    )
    Opportunity = apps.get_model("leads", "Opportunity")
    Opportunity.objects.filter(outcome="").update(stage=Stage.objects.get(key="discovery"))
    types = apps.get_model("leads", "ActivityType").objects
    types.bulk_create([types.model(**starter._asdict()) for starter in STARTERS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0007_more_activity_types"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CompetingSupplier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="LossReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("label", models.CharField(max_length=80)),
                ("position", models.PositiveSmallIntegerField(default=100, help_text="Lower comes first.")),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="OpportunityStage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40, unique=True)),
                ("label", models.CharField(max_length=60)),
                (
                    "probability",
                    models.PositiveSmallIntegerField(
                        help_text="Per cent of deals that are won from here.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=100, help_text="Lower comes first.")),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Off: deals that are there stay, no other comes."
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OpportunityStep",
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
                        choices=[
                            ("created", "Made an opportunity"),
                            ("moved", "Moved"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("reopened", "Reopened"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(blank=True, help_text="The code of a loss reason.", max_length=120),
                ),
                ("note", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="Supplier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
            ],
        ),
        migrations.AddField(
            model_name="company",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                help_text="Who has the account. Routing can give them its leads.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="owned_companies",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="currency",
            field=models.CharField(
                default=leads.models.opportunity.workspace_currency,
                max_length=3,
                validators=[
                    django.core.validators.RegexValidator("^[A-Z]{3}$", "Three letters, such as EUR.")
                ],
            ),
        ),
        migrations.AlterField(
            model_name="opportunity",
            name="lost_reason",
            field=models.CharField(
                blank=True,
                help_text="The code of a loss reason, or another system's own words.",
                max_length=120,
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(
                django.db.models.functions.text.Lower("name"), models.F("id"), name="leads_company_by_name"
            ),
        ),
        migrations.AddField(
            model_name="competingsupplier",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="competingsupplier",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="competing_suppliers",
                to="leads.lead",
            ),
        ),
        migrations.AddField(
            model_name="competingsupplier",
            name="opportunity",
            field=models.ForeignKey(
                blank=True,
                help_text="The deal that was open when it was noted last.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="competing_suppliers",
                to="leads.opportunity",
            ),
        ),
        migrations.AddConstraint(
            model_name="opportunitystage",
            constraint=models.CheckConstraint(
                condition=models.Q(("probability__lte", 100)), name="leads_opportunitystage_probability"
            ),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="stage",
            field=models.ForeignKey(
                blank=True,
                help_text="Where it stands, or stood when it closed. Empty: another system knows.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="opportunities",
                to="leads.opportunitystage",
            ),
        ),
        migrations.AddField(
            model_name="opportunitystep",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="opportunitystep",
            name="from_stage",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.opportunitystage",
            ),
        ),
        migrations.AddField(
            model_name="opportunitystep",
            name="opportunity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="leads.opportunity"
            ),
        ),
        migrations.AddField(
            model_name="opportunitystep",
            name="to_stage",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.opportunitystage",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplier",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"), name="leads_supplier_name_once"
            ),
        ),
        migrations.AddField(
            model_name="competingsupplier",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="competes_for", to="leads.supplier"
            ),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="lost_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deals_taken",
                to="leads.supplier",
            ),
        ),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(fields=["-created_at", "-id"], name="leads_opportunity_newest"),
        ),
        migrations.AddConstraint(
            model_name="opportunity",
            constraint=models.CheckConstraint(
                condition=models.Q(("lost_to", None), ("outcome", "lost"), _connector="OR"),
                name="leads_opportunity_lost_to_when_lost",
            ),
        ),
        migrations.AddIndex(
            model_name="opportunitystep",
            index=models.Index(fields=["opportunity", "-at", "-id"], name="leads_opportunitystep_history"),
        ),
        migrations.AddConstraint(
            model_name="competingsupplier",
            constraint=models.UniqueConstraint(
                fields=("lead", "supplier"), name="leads_competingsupplier_once"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
