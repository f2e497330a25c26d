"""How sign-in differs from allauth's defaults: nobody makes an account for themselves."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Email and password do not match.",
        "too_many_login_attempts": "Too many tries. Wait five minutes, or ask for a new password.",
        "rate_limited": "Too many tries in a short time. Wait a minute, then try again.",
        "account_inactive": "This account is switched off. Ask your administrator.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an admin."""
        return False
