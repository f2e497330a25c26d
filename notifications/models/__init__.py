from .browser import Browser
from .endpoint import Endpoint
from .systems import Announcement, Dispatch, DispatchQuerySet
from .told import Delivery, DeliveryQuerySet, Notification, NotificationQuerySet, Section
from .wishes import AlertWishes

__all__ = [
    "AlertWishes",
    "Announcement",
    "Browser",
    "Delivery",
    "DeliveryQuerySet",
    "Dispatch",
    "DispatchQuerySet",
    "Endpoint",
    "Notification",
    "NotificationQuerySet",
    "Section",
]
