"""Codes shared with the hospital: from the clinical edition to the insurance's, and the front page of its EMR."""
