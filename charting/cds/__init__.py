"""Decision support: services are asked by CDS Hooks, and their cards are shown; nothing waits for them."""
