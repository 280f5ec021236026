"""Small runners of foreign programs, each started by a Python environment that has them, never by ours."""
