"""The cast of these tests: Sol and Sofia sell in DACH, Nils in Nordics, Max leads DACH, Mara markets."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests import factories


@pytest.fixture
def sol(db: None) -> User:
    return factories.rep("Sol Seller")


@pytest.fixture
def sofia(db: None) -> User:
    return factories.rep("Sofia Reuter")


@pytest.fixture
def nils(db: None) -> User:
    return factories.rep("Nils North", factories.team("Nordics"))


@pytest.fixture
def max_(db: None) -> User:
    return factories.manager()


@pytest.fixture
def mara(db: None) -> User:
    return factories.marketer()


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser without scripts, signed in as somebody."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
