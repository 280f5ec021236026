"""Device drivers, one folder each, and the simulated patient that their simulators share."""
