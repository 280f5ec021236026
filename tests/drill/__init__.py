"""`vitalsd drill`."""
