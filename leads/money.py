"""How amounts of money are said: on pages, and in what a form answers."""

from decimal import Decimal

from django.conf import settings

#: Currencies that are written with a sign before the figure; the others with their letters.
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


def money(amount: Decimal, currency: str) -> str:
    """ "€24,000", "CHF 1,250.50": whole units unless there are cents."""
    figure = f"{amount:,.2f}".removesuffix(".00")
    return f"{SIGNS[currency]}{figure}" if currency in SIGNS else f"{currency} {figure}"


def worth(amount: float) -> str:
    """An estimate or a sum in the company's currency, in whole units: "€24,000"."""
    return money(Decimal(round(amount)), settings.CURRENCY)
