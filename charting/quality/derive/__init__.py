"""Facts of a case from the case alone: by clinical.md §0-§2, a function a fact. Pure."""
