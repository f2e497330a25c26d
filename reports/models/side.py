"""The two teams that agree, or do not."""

from django.db import models


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"
