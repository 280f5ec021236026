"""A drill: the server of a test setup is cut off for a while, and it is measured what that does to a bed."""
