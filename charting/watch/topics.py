"""Where the department publishes over MQTT, beside what each bed publishes of itself (collector/mqtt_messages.py)."""

DEPARTMENT = "department"
"""The level that stands for the department in place of a bed's name."""
