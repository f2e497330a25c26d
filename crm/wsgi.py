"""The WSGI application, for hosts that only speak WSGI: all but the live stream (pages then poll)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

application = get_wsgi_application()
