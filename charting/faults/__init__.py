"""Faults and wishes: reported, answered, resolved, archived, with their times against the contract's."""
