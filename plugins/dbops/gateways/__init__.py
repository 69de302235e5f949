"""Floor 1: one outside thing each, behind a Protocol; foreign errors are translated here, once."""
