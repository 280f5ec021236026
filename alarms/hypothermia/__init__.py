"""The national hypothermia event and what is derived of a temperature course: one definition for bed and database."""
