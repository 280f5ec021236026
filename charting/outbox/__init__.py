"""What leaves for the hospital's other systems: kept until it is acknowledged, in order, never twice as new."""
