"""The chart, its drawing and its pages."""
