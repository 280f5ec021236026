"""Alarm conditions and the rules of hypothermia."""
