"""Which release of the program this is: what it keeps for itself is not read by another one."""

from functools import cache
from hashlib import sha256

import django
from django.conf import settings

#: Where the program's own modules are.
APPS = ("accounts", "leads", "notifications", "scoring", "handoff", "capture", "reports", "crm")


@cache
def digest() -> str:
    """The same for the same modules and the same Django, in hexadecimal digits. Reads them once a process."""
    found = sha256(django.__version__.encode())
    for app in APPS:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()
