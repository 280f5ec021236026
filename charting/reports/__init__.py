"""Reports for people: pages, PDF and spreadsheets of what was counted."""
