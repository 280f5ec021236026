"""The routes under /api: what a page does a program can do, with the same rights."""
