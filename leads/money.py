"""How amounts of money are said: on pages, and in what a form answers."""

from decimal import Decimal

from django.conf import settings

#: Currencies that are written with a sign before the figure; the others with their letters.
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


def money(amount: Decimal, currency: str) -> str:
    """ "€24,000", "CHF 1,250.50": whole units unless there are cents."""
    figure = f"{amount:,.2f}".removesuffix(".00")
    return f"{SIGNS[currency]}{figure}" if currency in SIGNS else f"{currency} {figure}"


def brief_money(amount: Decimal, currency: str) -> str:
    """For tables, three figures or so: "€412k", "€1.2M", "€9,870", "€96", "€4.20"."""
    if amount >= 999_500:
        figure = f"{amount / 1_000_000:.1f}".removesuffix(".0") + "M"
    elif amount >= 10_000:
        figure = f"{amount / 1_000:.0f}k"
    elif amount >= 100:
        figure = f"{amount:,.0f}"
    else:
        figure = f"{amount:.2f}".removesuffix(".00")
    return f"{SIGNS[currency]}{figure}" if currency in SIGNS else f"{currency} {figure}"


def worth(amount: float) -> str:
    """An estimate or a sum in the company's currency, in whole units: "€24,000"."""
    return money(Decimal(round(amount)), settings.CURRENCY)
