"""The core of vitalsd and its daemon. Knows no driver by name."""

__version__ = "0.7.0"
