"""Every setting, in one file, from the environment. ``.env.example`` lists what can be set.

Each has a default that works on a laptop; ``crm.checks`` complains where one must not reach production.
"""

import secrets
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

from crm import env
from crm.embedded import DATABASE, USER, Servers, keep_secret
from crm.ticking import TICKS as TICKS

#: Lets ``ModelAdmin[Lead]`` and ``ModelForm[Lead]`` name their model for the type checker.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

# What and where

#: ``local`` is a laptop, a demo, the tests; ``production`` refuses to start with anything unsafe.
ENVIRONMENT = env.choice("ENVIRONMENT", ("local", "production"), "local")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.flag("DEBUG", default=False)
WORKSPACE_NAME = env.text("WORKSPACE_NAME", "Fieldline")

#: Everything this copy writes: databases, mail, logs. Two copies with two folders run side by side.
LOCAL_DIR = Path(env.text("LOCAL_DIR", str(BASE_DIR / ".local"))).expanduser().resolve()

SECRET_KEY = env.secret("SECRET_KEY")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Make one, and keep it: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    SECRET_KEY = keep_secret(LOCAL_DIR / "secret_key", secrets.token_urlsafe(50))

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
#: Where links in e-mails lead.
PUBLIC_URL = env.text("PUBLIC_URL", "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "accounts",
    "leads",
    "notifications",
    "scoring",
    "handoff",
    "capture",
    "reports",
    "crm",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "pghistory",
    "pgtrigger",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.zone.ReadersZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "crm.methods.RefusedMethods",
    "crm.merged.MergedLeads",
]

ROOT_URLCONF = "crm.urls"
ASGI_APPLICATION = "crm.asgi.application"
WSGI_APPLICATION = "crm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.context.workspace",
                "crm.context.rail",
            ],
        },
    }
]

# Database

#: Whether both servers come out of their wheels (``crm.embedded``) or from elsewhere.
DATABASE_URL = env.secret("DATABASE_URL")
REDIS_URL = env.secret("REDIS_URL")
EMBEDDED = Servers(LOCAL_DIR)

_database: dict[str, Any] = (
    {"ENGINE": "django.db.backends.postgresql", **env.database(DATABASE_URL)}
    if DATABASE_URL
    else {
        "ENGINE": "crm.database",
        "NAME": DATABASE,
        "USER": USER,
        "HOST": str(EMBEDDED.run),
        "OPTIONS": {},
    }
)
WEB_POOL = env.flag("DATABASE_POOL", default=False)
if WEB_POOL:
    _database["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 20, "timeout": 5.0}
# Django turns prepared statements off. Its own cursors never use them; the scoring statement does, and takes
# longer to plan than to run.
_database["OPTIONS"] = {
    "connect_timeout": 10,
    "application_name": "handoff",
    "prepare_threshold": 5,
    **_database["OPTIONS"],
}
DATABASES = {
    "default": {
        **_database,
        # A web process answers each request in a thread of its own, so it shares a pool instead.
        "CONN_MAX_AGE": 0 if WEB_POOL else 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "TEST": {"NAME": env.text("HANDOFF_TEST_DB", "test_handoff")},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: Shared by all web processes (sign-in limits count in it), and there when the broker is not.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "crm_cache"},
}

# People and sign-in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
#: The password of everybody in the demo company. Production refuses to start while it opens a door.
DEMO_PASSWORD = env.text("DEMO_PASSWORD", "fieldline-demo")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an admin, who typed the address
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None  # the sign-in form asks; without the tick the session ends with the browser
SESSION_COOKIE_AGE = 14 * 24 * 3600  # what the tick promises
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = WORKSPACE_NAME
USERSESSIONS_TRACK_ACTIVITY = False  # a write on every page; the list says when each session began

# Sessions, cookies, headers

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "handoff_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "handoff_csrf"
CSRF_FAILURE_VIEW = "crm.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from inside, without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
#: How many proxies of ours stand before the web processes; their X-Forwarded headers are believed.
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXIES", 0, most=10)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Language, time, files

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(LOCAL_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "crm.static.StaticFiles"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = LOCAL_DIR / "media"
#: The first one ends an upload that is larger than any file may be.
FILE_UPLOAD_HANDLERS = [
    "capture.imports.uploading.Limit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# E-mail: files on a laptop, SMTP once a server is named

EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_BACKEND = "django.core.mail.backends.{}.EmailBackend".format(
    env.choice(
        "EMAIL_BACKEND",
        ("file", "console", "smtp"),
        "smtp" if env.text("EMAIL_HOST") else "file",
    ).replace("file", "filebased")
)
EMAIL_FILE_PATH = LOCAL_DIR / "mail"
EMAIL_PORT = env.whole("EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 10
#: Shortens (or stretches) the waits between the tries of a delivery and of a webhook.
RETRY_SCALE = env.number("RETRY_SCALE", 1.0, least=0.0)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Handoff <handoff@localhost>")

# What is called from here: other systems (webhooks) and the push services of browsers

#: Host names and networks that may be called although they are not public: "n8n.lan,10.1.0.0/16".
WEBHOOK_ALLOW_NETS = env.words("WEBHOOK_ALLOW_NETS", [])
#: Proves to push services that messages come from this installation: 32 bytes in base64url. Another key means
#: that every browser has to be allowed anew.
VAPID_PRIVATE_KEY = env.secret("VAPID_PRIVATE_KEY") or keep_secret(
    LOCAL_DIR / "vapid_key", secrets.token_urlsafe(32)
)

# Celery: messages say "look", the work lies in the database

VISIBILITY_SECONDS = 300
BROKER_URL = REDIS_URL or f"unix://{EMBEDDED.valkey_socket}"
#: kombu spells a unix socket in its own way; everybody else takes ``BROKER_URL``.
CELERY_BROKER_URL = BROKER_URL.replace("unix://", "redis+socket://", 1)
_transport: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "health_check_interval": 25,
}
CELERY_BROKER_TRANSPORT_OPTIONS = _transport
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": VISIBILITY_SECONDS}
CELERY_VISIBILITY_TIMEOUT = VISIBILITY_SECONDS
CELERY_REDIS_SOCKET_TIMEOUT = 10
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 5
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 280  # below the visibility time, so that no task runs twice at once
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(LOCAL_DIR / "beat-schedule")

QUEUES = ("alerts", "scoring", "bulk")
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ROUTES = {
    "scoring.tasks.sweep_fading": {"queue": "bulk"},
    "scoring.tasks.rescore_everybody": {"queue": "bulk"},
    "handoff.tasks.refresh_long_queue": {"queue": "bulk"},
    "handoff.tasks.*": {"queue": "alerts"},
    "notifications.tasks.empty_old": {"queue": "bulk"},
    "notifications.tasks.*": {"queue": "alerts"},
    "scoring.tasks.*": {"queue": "scoring"},
    "capture.tasks.*": {"queue": "bulk"},
    "reports.tasks.*": {"queue": "bulk"},
    "crm.tasks.*": {"queue": "alerts"},
    "accounts.tasks.*": {"queue": "bulk"},
    "leads.tasks.*": {"queue": "bulk"},
}

#: Seconds after which a tick nobody took is thrown away; beat has said the same by then.
TICK_EXPIRES = 30
FADING_SWEEP_MINUTES = env.number("FADING_SWEEP_MINUTES", 15, least=0.05)
#: task → seconds between two beats; ``docs/operations.md`` says what each is for.
BEAT = {
    "scoring.tasks.rescore_changed": 3.0,
    "scoring.tasks.rescore_everybody": 30.0,
    "handoff.tasks.run_pipeline": 3.0,
    "notifications.tasks.deliver_due": 5.0,
    "notifications.tasks.make_calls": 5.0,
    "notifications.tasks.make_digests": 60.0,
    "handoff.tasks.escalate": 15.0,
    "handoff.tasks.remind_of_tasks": 60.0,
    "handoff.tasks.refresh_long_queue": 60.0,
    "crm.tasks.sign_for_beat": 5.0,
    "scoring.tasks.sweep_fading": FADING_SWEEP_MINUTES * 60,
    # Once a month is enough; beat starts to count anew when it is restarted, so it asks more often.
    "handoff.tasks.remind_of_model_reviews": 3600.0,
    "reports.tasks.prepare_reviews": 300.0,
    "reports.tasks.count_anew": 15.0,
    "accounts.tasks.fill_calendars": 3600.0,
    "capture.tasks.add_up_arrivals": 60.0,
    "capture.tasks.work_through_inbox": 5.0,
    "capture.tasks.empty_inbox": 3600.0,
    "capture.tasks.empty_imports": 3600.0,
    "capture.tasks.empty_submissions": 3600.0,
    "capture.tasks.find_employers": 24 * 3600.0,
    "capture.tasks.go_on_importing": 10.0,
    "leads.tasks.search_duplicates": 60.0,
    "leads.tasks.forget_ways_back": 3600.0,
    "capture.tasks.look_for_bots": 15.0,
    "capture.tasks.go_on_correcting": 10.0,
    "capture.tasks.send_confirmations": 30.0,
    "notifications.tasks.empty_old": 3600.0,
}
#: A beat nobody took within two periods is thrown away: the next one says the same.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    task: {"task": task, "schedule": seconds, "options": {"expires": 2 * seconds}}
    for task, seconds in BEAT.items()
}

# What the product asks

#: Whether contact with an MQL that marketing still warms up asks for a reason first.
ASK_WHY_SELL_TO_MQL = env.flag("ASK_WHY_SELL_TO_MQL", default=True)
#: Whether a rep says what the first contact told of interest and motivation before accepting (S0-12).
ASK_INTEREST_TO_ACCEPT = env.flag("ASK_INTEREST_TO_ACCEPT", default=False)
#: A scoring version that has been live for so many days is called old (S1-33).
MODEL_AGE_WARNING_DAYS = env.whole("MODEL_AGE_WARNING_DAYS", 90, least=1)
#: So many days the words of alerts are kept, and what webhooks said (P6): longer than any of them is tried.
ALERT_RETENTION_DAYS = env.whole("ALERT_RETENTION_DAYS", 90, least=7, most=3650)
WEBHOOK_RETENTION_DAYS = env.whole("WEBHOOK_RETENTION_DAYS", 30, least=7, most=3650)
#: Events a second that one source may send in the long run, 0 for any number, and how many at once (L1).
CAPTURE_RATE = env.number("CAPTURE_RATE", 200, least=0)
CAPTURE_BURST = env.whole("CAPTURE_BURST", 20_000, least=1)
#: So many days are kept (P6): the words of what other systems posted to hooks; the rejected rows of an import
#: and what could be undone of it; the words of submissions that were held and not let in.
INBOX_RETENTION_DAYS = env.whole("INBOX_RETENTION_DAYS", 30, least=1, most=3650)
IMPORT_RETENTION_DAYS = env.whole("IMPORT_RETENTION_DAYS", 30, least=1, most=3650)
SUBMISSION_RETENTION_DAYS = env.whole("SUBMISSION_RETENTION_DAYS", 30, least=1, most=3650)
#: A form that was sent is answered a multiple of this later, so that the time does not tell whom we know.
FORM_ANSWER_STEP_SECONDS = 0.1
#: Where a day of a report begins and ends, for everybody who reads it.
COMPANY_TIME_ZONE = env.time_zone("COMPANY_TIME_ZONE", "UTC")
#: The first day of a week in reports.
WEEK_STARTS_ON = env.choice("WEEK_STARTS_ON", ("monday", "saturday", "sunday"), "monday")
#: When the weekly review meets, in the company's time zone; it is prepared as that day begins.
REVIEW_DAY = env.choice("REVIEW_DAY", env.WEEKDAYS, "tuesday")
REVIEW_HOUR = env.whole("REVIEW_HOUR", 11, least=0, most=23)
#: What takes longer to count is kept, shown with its time, and counted anew in the background. 0: nothing is.
REPORT_PATIENCE_SECONDS = env.number("REPORT_PATIENCE_SECONDS", 0.2, least=0)
#: What amounts of new deals are in: three letters. Deals that are there keep theirs.
CURRENCY = env.text("CURRENCY", "EUR").upper()
#: How long a lead that nobody has is held for who is looking at it.
CLAIM_MINUTES = env.whole("CLAIM_MINUTES", 15, least=1, most=240)
#: Whether a lead counts as an SQL from the handoff on, and not only from the acceptance on.
HANDED_OVER_IS_SQL = env.flag("HANDED_OVER_IS_SQL", default=False)

# Logging: one line each, to the standard error: what a command prints stays its own

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "uvicorn.access": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
