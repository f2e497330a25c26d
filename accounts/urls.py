"""Addresses are nouns; a change of state makes one."""

from django.urls import path

from .views import calendars

app_name = "accounts"


urlpatterns = [
    path("calendars/", calendars.calendar_list, name="calendars"),
    path("calendars/new/", calendars.new_calendar, name="calendar-new"),
    path("calendars/<uuid:businesscalendar_id>/", calendars.calendar, name="calendar"),
    path("calendars/<uuid:businesscalendar_id>/days/", calendars.days, name="calendar-days"),
    path("calendars/<uuid:businesscalendar_id>/days/state/", calendars.day_state, name="calendar-day-state"),
]
