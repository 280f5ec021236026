"""Documents as versioned templates: TOML, one file per template and version."""
