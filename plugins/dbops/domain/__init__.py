"""Floor 0: values and rules. No I/O, no clock, no random."""
