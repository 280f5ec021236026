"""What the hospital's other systems tell: every message is kept, with what was done about it."""
