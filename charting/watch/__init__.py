"""Watches the department as it is now: alarms of all beds, and advisories of our own for open cases."""
