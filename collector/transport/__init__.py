"""Ways that bytes come and go. Each opens its own kind of port; the runner does not know which."""
