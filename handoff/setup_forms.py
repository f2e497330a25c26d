"""What managers and admins type where they agree on questions, requirements and reasons."""

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.text import slugify

from leads.models import ActivityType, LossReason, OpportunityStage
from leads.stages import Stage

from .models import Framework, Level, Question, RecyclingRule, RejectReason, Requirement

#: Words that the address of a page has where a key would stand.
OF_PAGES = {"new", "recycling"}


def key_of(name: str, taken: set[str], most: int = 40) -> str:
    """A key made of a name: "Not a project" → "not_a_project"; numbered where it is taken or a page's."""
    base = slugify(name).replace("-", "_")[: most - 3] or "own"
    key, number = base, 2
    while key in taken | OF_PAGES:
        key, number = f"{base}_{number}", number + 1
    return key


class ReasonForm(forms.ModelForm[RejectReason]):
    """A reason to send a lead back. Its code is made once and stays: it stands in the history of leads."""

    class Meta:
        model = RejectReason
        fields = ("label", "key", "destination", "return_days", "ends_with_growth", "position", "is_active")
        labels = {
            "label": "Reason",
            "key": "Digit",
            "destination": "The lead goes",
            "return_days": "Back after days",
            "position": "Order",
        }
        help_texts = {
            "key": "1 to 9 chooses it by keyboard; a digit of another reason is taken from it.",
            "return_days": "Days with marketing; prefilled, sales may change the date. Empty when it closes.",
            "ends_with_growth": "More staff than at the handoff ends the wait, too.",
        }

    def validate_unique(self) -> None:
        """The digit may be another reason's: saving takes it from there. The code is made to be unique."""

    def clean_key(self) -> int | None:
        key: int | None = self.cleaned_data["key"]
        if key is not None and not 1 <= key <= 9:
            raise forms.ValidationError("Choose a digit from 1 to 9, or leave it empty.")
        return key

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        days = given.get("return_days")
        if given.get("destination") == Stage.MQL and not days and "return_days" not in self.errors:
            self.add_error("return_days", "Say after how many days it may come back.")
        if given.get("destination") == Stage.CLOSED:
            given["return_days"], given["ends_with_growth"] = None, False
            self.errors.pop("return_days", None)
        if self.instance._state.adding and given.get("label"):
            self.instance.code = key_of(given["label"], _codes())
        return given


def _codes() -> set[str]:
    return set(RejectReason.objects.values_list("code", flat=True))


class RecyclingForm(forms.ModelForm[RecyclingRule]):
    """What of a score begins anew."""

    class Meta:
        model = RecyclingRule
        fields = ("resets",)
        labels = {"resets": "When a lead is sent back"}


class DealStageForm(forms.ModelForm[OpportunityStage]):
    """A stage of a deal. Its key is made once and stays: other systems name it."""

    class Meta:
        model = OpportunityStage
        fields = ("label", "probability", "position", "is_active")
        labels = {"label": "Stage", "probability": "Won from here, %", "position": "Order"}
        help_texts = {"probability": "Of 100 deals in this stage, so many are won. Weighs the forecast."}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.instance._state.adding and given.get("label"):
            taken = set(OpportunityStage.objects.values_list("key", flat=True))
            self.instance.key = key_of(given["label"], taken)
        return given


class LossReasonForm(forms.ModelForm[LossReason]):
    """Why a deal is lost. Its code is made once and stays: deals keep it."""

    class Meta:
        model = LossReason
        fields = ("label", "position", "is_active")
        labels = {"label": "Reason", "position": "Order"}
        help_texts = {"is_active": "Off: deals that were lost keep it, no other gets it."}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.instance._state.adding and given.get("label"):
            taken = set(LossReason.objects.values_list("code", flat=True))
            self.instance.code = key_of(given["label"], taken)
        return given


class FrameworkForm(forms.ModelForm[Framework]):
    """A set of questions: what it is called and for whom."""

    class Meta:
        model = Framework
        fields = ("name", "teams", "scoring_models", "position", "is_active")
        widgets = {"teams": forms.CheckboxSelectMultiple, "scoring_models": forms.CheckboxSelectMultiple}
        labels = {
            "teams": "Only leads of",
            "scoring_models": "Only leads that score for",
            "position": "Order",
        }
        help_texts = {
            "teams": "None ticked: every team.",
            "scoring_models": "None ticked: every product.",
            "position": "Of two that suit a lead equally, the lower one asks.",
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.instance._state.adding and given.get("name"):
            taken = set(Framework.objects.values_list("key", flat=True))
            self.instance.key = key_of(given["name"], taken)
        return given


class QuestionForm(forms.ModelForm[Question]):
    """One question. Its key is made once and stays."""

    class Meta:
        model = Question
        fields = ("label", "hint", "shortcut", "position", "of_first_contact", "is_active")
        labels = {
            "label": "Question",
            "hint": "What the note asks",
            "shortcut": "Letter",
            "position": "Order",
        }
        help_texts = {
            "shortcut": "Leads to it on the lead page; may be empty.",
            "of_first_contact": "Asked before acceptance, where the company asks anything then.",
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        framework = self.instance.framework
        others = framework.questions.exclude(pk=self.instance.pk)
        letter = given.get("shortcut")
        if letter and given.get("is_active") and others.filter(shortcut=letter, is_active=True).exists():
            self.add_error("shortcut", "Another question has this letter.")
        if self.instance._state.adding and given.get("label"):
            self.instance.key = key_of(given["label"], set(others.values_list("key", flat=True)))
        return given


class LevelForm(forms.ModelForm[Level]):
    """What an answer is called."""

    class Meta:
        model = Level
        fields = ("label",)


class RequirementForm(forms.ModelForm[Requirement]):
    """What an opportunity needs: answers, or something that happened."""

    questions = SimpleArrayField(
        forms.CharField(max_length=40),
        required=False,
        label="Only these questions",
        help_text="Their keys, with commas. Empty: all that are asked.",
    )
    types = SimpleArrayField(
        forms.CharField(max_length=64),
        required=False,
        label="One of these activities",
        help_text="Their keys, with commas: call_logged, demo_attended.",
    )

    class Meta:
        model = Requirement
        fields = (
            "kind", "questions", "least_level", "types", "words", "times", "within_days", "position",
            "is_active",
        )  # fmt: skip
        labels = {
            "kind": "Needs",
            "least_level": "At least level",
            "words": "What is missing, in words",
            "times": "So many times",
            "within_days": "Within days",
            "position": "Order",
        }

    def clean_questions(self) -> list[str]:
        return self._known("questions", set(self.instance.framework.questions.values_list("key", flat=True)))

    def clean_types(self) -> list[str]:
        return self._known("types", set(ActivityType.objects.values_list("key", flat=True)))

    def _known(self, field: str, keys: set[str]) -> list[str]:
        named = [each.strip() for each in self.cleaned_data[field] if each.strip()]
        strange = [each for each in named if each not in keys]
        if strange:
            raise forms.ValidationError(f"There is no “{strange[0]}”. There are: {', '.join(sorted(keys))}.")
        return list(dict.fromkeys(named))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("kind") == Requirement.Kind.ACTIVITY:
            if not given.get("types") and "types" not in self.errors:
                self.add_error("types", "Name at least one activity.")
            if not given.get("words"):
                self.add_error("words", "Say what is missing without it: “a talk or demo”.")
        return given
