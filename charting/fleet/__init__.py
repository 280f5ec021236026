"""The fleet: what is known now of all beds' gateways and devices, of the central parts, and of who shows our pages."""
