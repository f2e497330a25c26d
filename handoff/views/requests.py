"""What every view of this app needs of a request."""

from accounts.requests import Request as Request
from accounts.requests import for_everybody as for_everybody
from accounts.requests import page_for as page_for
from accounts.requests import wants as wants
from accounts.requests import way_back as way_back
