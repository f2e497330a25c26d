"""Who calls the API: a bearer token acts as its user, narrowed by its scope."""

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from . import tokens
from .models import ApiToken, User
from .models.token import Scope


class TokenAuth(HttpBearer):
    """Lets a living token of this scope in. No or an unknown token is 401, one of another scope 403."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = tokens.resolve(text=token.strip(), at=timezone.now())
        if found is None:
            return None
        if not found.allows(self.scope):
            raise AuthorizationError(403, f"This token may not do that; it needs the scope “{self.scope}”.")
        request.user = found.user
        return found


CAPTURE = TokenAuth(Scope.CAPTURE)
READ = TokenAuth(Scope.READ)
DECIDE = TokenAuth(Scope.DECIDE)


def token_of(request: HttpRequest) -> ApiToken:
    """The token that ``TokenAuth`` let in."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return token


def user_of(request: HttpRequest) -> User:
    """Whom the token acts as."""
    return token_of(request).user
