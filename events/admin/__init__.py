"""What staff see of the log of what happened."""

from events.admin.pages import EventPages
from events.admin.tables import events_of_subject, latest_events

__all__ = ["EventPages", "events_of_subject", "latest_events"]
