"""Code libraries: procedures, diagnoses, techniques, drugs and so on, with versions; CSV."""
