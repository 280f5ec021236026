"""One file a revision; what has been released is not edited."""
