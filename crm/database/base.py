"""The engine that ``DATABASES`` names when no ``DATABASE_URL`` is given."""

from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe

from crm import keeper
from crm.embedded import Servers


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        servers = Servers(settings.LOCAL_DIR)
        keeper.claim(settings.LOCAL_DIR)
        if not (servers.run / ".s.PGSQL.5432").exists():
            keeper.lend(settings.LOCAL_DIR)
        self.settings_dict["PASSWORD"] = servers.password
        return super().get_connection_params()

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            # Whatever it was: psycopg gives no code for a refused connection. No server, a server that is
            # starting, and a database that a killed first start left unmade are all mended here.
            keeper.lend(settings.LOCAL_DIR)
            return super().get_new_connection(conn_params)
