"""Call the API as another system would: a token, JSON in, JSON out."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts import tokens
from accounts.models import User


@dataclass(frozen=True)
class Caller:
    """Somebody with a token."""

    client: Client
    token: str

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self._headers)

    def post(self, path: str, body: Any) -> Any:
        """``body`` as bytes is sent as it is."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            f"/api/v1{path}", data, content_type="application/json", headers=self._headers
        )

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


def caller(user: User, scope: str = "write", name: str = "site") -> Caller:
    return Caller(Client(raise_request_exception=True), tokens.issue(user=user, scope=scope, name=name))
