"""Keeping the roll-ups, and making them again."""

from reports.services.keeping import keep_rollups, rebuild_rollups

__all__ = ["keep_rollups", "rebuild_rollups"]
