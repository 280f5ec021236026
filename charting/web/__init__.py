"""The department's web service: API, pages and events. What they do is done by the Desk."""
