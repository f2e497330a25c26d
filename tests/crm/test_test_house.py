"""The tests' own floor: what a test commits goes, what migrations filled stays, nothing leaves."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError

from accounts.models import User
from leads.models import ActivityType


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_a_test_that_commits_starts_with_the_starter_rows_and_nobody_else_s(turn: int) -> None:
    assert ActivityType.objects.filter(key="demo_request").exists()
    assert not User.objects.exists()

    User.objects.create_user(f"ada-{turn}@fieldline.example", name="Ada")


def test_a_test_that_does_not_commit_finds_the_same(db: None) -> None:
    assert ActivityType.objects.filter(key="demo_request").exists()
    assert not User.objects.exists()


def test_nothing_leaves_this_machine() -> None:
    with (
        socket.socket() as stranger,
        pytest.warns(UserWarning, match="192.0.2.1"),
        pytest.raises(SocketConnectBlockedError),
    ):
        stranger.connect(("192.0.2.1", 80))
