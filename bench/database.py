"""A database of the bench's own."""

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection

from crm.embedded import Servers
from leads.models import Lead
from scoring.models import ModelVersion


def is_there() -> bool:
    """Whether a run before left its data, under today's migrations."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError:
        return False
    return ModelVersion.objects.published().exists() and Lead.objects.exists()


def fresh() -> None:
    """An empty database in ``LOCAL_DIR``'s own server, migrated."""
    connection.ensure_connection()  # starts the embedded servers
    connection.close()
    servers: Servers = settings.EMBEDDED
    with servers.connect() as postgres:
        postgres.execute(f'DROP DATABASE IF EXISTS "{connection.settings_dict["NAME"]}" WITH (FORCE)')
    servers.make_database()
    call_command("migrate", interactive=False, verbosity=0)
