"""The bed's own page: what the devices say now, and the last hours as the anaesthesia chart draws them."""
