"""Who may do what: people, their roles and rights, passwords, sessions."""
