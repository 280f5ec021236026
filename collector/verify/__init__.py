"""`vitalsd verify`: the promises of design §7, tried on this machine, on a scratch journal and a scratch database."""
