"""Users, teams and calendars in the stock admin."""

from typing import Any

from allauth.usersessions.admin import UserSessionAdmin
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import ReadOnlyPasswordHashField
from django.http import HttpRequest

from .models import Absence, ApiToken, BusinessCalendar, Holiday, OpeningHours, Team, User, WorkingHours


class NewUserForm(forms.ModelForm[User]):
    """A new person: the password may stay empty, then they set one through “Forgot it?”."""

    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Empty: they choose one by e-mail, through “Forgot it?” on the sign-in page.",
    )

    class Meta:
        model = User
        fields = ("email", "name", "role", "teams", "time_zone")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, commit: bool = True) -> User:
        self.instance.set_password(self.cleaned_data["password"] or None)
        return super().save(commit)


class UserForm(forms.ModelForm[User]):
    password = ReadOnlyPasswordHashField(help_text="Stored as a hash; nobody can read it.")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    class Meta:
        model = User
        fields = "__all__"  # noqa: DJ007 - the admin names the fields


class WorkingHoursInline(admin.TabularInline[WorkingHours, User]):
    model = WorkingHours
    extra = 0


class AbsenceInline(admin.TabularInline[Absence, User]):
    model = Absence
    extra = 0


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    form = UserForm
    list_display = ("name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "teams")
    search_fields = ("name", "email")
    ordering = ("name", "id")
    filter_horizontal = ("teams",)
    readonly_fields = ("last_login", "date_joined")
    inlines = (WorkingHoursInline, AbsenceInline)
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "role", "teams", "is_active")}),
        ("Working here", {"fields": ("time_zone", "theme", "keys_enabled")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("email", "password", "name", "role", "teams", "time_zone")}),)
        return super().get_fieldsets(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # switch off instead: verdicts and stage changes keep the name


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    list_display = ("name", "calendar")
    list_select_related = ("calendar",)
    search_fields = ("name",)
    ordering = ("name", "id")


class OpeningHoursInline(admin.TabularInline[OpeningHours, BusinessCalendar]):
    model = OpeningHours
    extra = 0


class HolidayInline(admin.TabularInline[Holiday, BusinessCalendar]):
    model = Holiday
    extra = 0
    ordering = ("on",)


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(admin.ModelAdmin[BusinessCalendar]):
    list_display = ("name", "time_zone")
    search_fields = ("name",)
    ordering = ("name", "id")
    inlines = (OpeningHoursInline, HolidayInline)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Look and revoke. Tokens are made on one's own profile, or with ``manage.py create_token``; both show
    the text once."""

    list_display = ("name", "user", "scope", "prefix", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = ("scope",)
    search_fields = ("name", "user__name", "user__email", "prefix")
    ordering = ("-created_at", "-id")
    fields = ("name", "user", "scope", "prefix", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("user", "scope", "prefix", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


admin.site.unregister(UserSession)


@admin.register(UserSession)
class SessionAdmin(UserSessionAdmin):  # type: ignore[misc]  # allauth ships no types
    """allauth's page searches by a username, which our users do not have."""

    search_fields = ("user__name", "user__email", "ip")
