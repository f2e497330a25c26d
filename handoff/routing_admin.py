"""Where leads go, in the stock admin: rules and pools with the checks of their pages; the ledger to read."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from leads.admin import HistoryAdmin

from . import arranging, matching
from .forms import PoolForm
from .models import Pool, PoolMember, RoutingDecision, RoutingRule, RuleMatch

if TYPE_CHECKING:
    from accounts.models import User


class PoolMemberInline(admin.StackedInline[PoolMember, Pool]):
    model = PoolMember
    extra = 0
    autocomplete_fields = ("user",)
    fields = (
        ("user", "weight", "last_assigned_at"),
        ("open_at_most", "per_day"),
        ("paused", "pause_reason"),
        ("prefers", "only_preferred"),
    )
    readonly_fields = ("last_assigned_at",)


@admin.register(Pool)
class PoolAdmin(admin.ModelAdmin[Pool]):
    form = PoolForm
    list_display = ("name", "team", "position", "countries", "method", "fallback", "is_active")
    list_filter = ("team", "is_active")
    list_select_related = ("team", "fallback")
    search_fields = ("name",)
    ordering = ("position", "id")
    inlines = (PoolMemberInline,)

    def save_model(self, request: HttpRequest, obj: Pool, form: Any, change: bool) -> None:
        """As on the page of pools: a new one gets its rule."""
        arranging.save_pool(pool=obj, by=cast("User", request.user), at=timezone.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Members keep their turns, whoever is given a lead while the form is open."""
        for member in formset.save(commit=False):
            arranging.save_member(member=member, by=cast("User", request.user))
        for member in formset.deleted_objects:
            arranging.remove_member(member=member, by=cast("User", request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Pool | None = None) -> bool:
        """Switch a pool off instead: handoffs and the ledger name it."""
        return False


@admin.register(RoutingRule)
class RoutingRuleAdmin(admin.ModelAdmin[RoutingRule]):
    """What ``RoutingRule.clean`` refuses is refused here, too, at the field."""

    list_display = ("name", "position", "is_on", "to", "pool", "in_words")
    list_filter = ("is_on", "to", "pool")
    list_select_related = ("pool", "model")
    search_fields = ("name",)
    ordering = ("position", "id")
    fields = ("name", "position", "is_on", "when", "scores", "model", "to", "pool", "goes_on", "waits",
              "in_words", "edited_at", "edited_by")  # fmt: skip
    readonly_fields = ("in_words", "edited_at", "edited_by")

    @admin.display(description="in words")
    def in_words(self, rule: RoutingRule) -> str:
        if rule._state.adding:
            return ""
        pool = rule.pool
        countries = pool.countries if pool else ()
        return matching.said_of(matching.read_rule(rule), pool=str(pool or ""), countries=countries)

    def save_model(self, request: HttpRequest, obj: RoutingRule, form: Any, change: bool) -> None:
        obj.edited_at, obj.edited_by = timezone.now(), cast("User", request.user)
        obj.save()

    def has_delete_permission(self, request: HttpRequest, obj: RoutingRule | None = None) -> bool:
        """On the page of rules, where what the ledger names is kept."""
        return False


class RuleMatchInline(admin.TabularInline[RuleMatch, RoutingDecision]):
    model = RuleMatch
    extra = 0
    can_delete = False
    fields = readonly_fields = ("rule", "outcome", "at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(HistoryAdmin):
    list_display = ("lead", "at", "kind", "rule", "pool", "chosen", "by", "reason")
    list_filter = ("kind", "pool")
    list_select_related = ("lead", "rule", "pool", "chosen", "by")
    search_fields = ("lead__name", "lead__email", "chosen__email")
    ordering = ("-id",)
    inlines = (RuleMatchInline,)
