"""The product's settings, with what makes tests quick and keeps them to themselves."""

import secrets
import tempfile
from pathlib import Path

from crm import env
from crm.settings import *  # noqa: F403
from crm.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

#: Sockets and mail of this test run. Worker and server that a test starts are told to share it.
TEST_RUN_DIR = Path(
    env.text("HANDOFF_TEST_RUN") or f"{tempfile.gettempdir()}/handoff-test-{secrets.token_hex(8)}"
)

# Raises when a page asks the same question once per row.
INSTALLED_APPS = ["zeal", *INSTALLED_APPS]
ZEAL_ALLOWLIST = [
    {"model": "handoff.Qualification", "field": "*"},  # four questions, never more
    {"model": "scoring.*", "field": "*"},  # a version is read and compiled once per process
]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FORM_ANSWER_STEP_SECONDS = 0
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
EMAIL_FILE_PATH = TEST_RUN_DIR / "mail"
MEDIA_ROOT = TEST_RUN_DIR / "media"
PUBLIC_URL = "http://localhost"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# A broker of our own: a test may flush or kill it.
BROKER_URL = f"unix://{TEST_RUN_DIR}/valkey.sock"
CELERY_BROKER_URL = BROKER_URL.replace("unix://", "redis+socket://", 1)

# A test database may lose its last moments when the machine does. The starter rows of the migrations
# are put back by ``tests.fixtures.database``.
DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
DATABASES["default"]["CONN_MAX_AGE"] = 0
