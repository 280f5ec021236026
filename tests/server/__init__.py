"""The compose files of the central server."""
