"""The hospital's other systems, simulated: for tests and for the demo. They know no more of us than real ones do."""
