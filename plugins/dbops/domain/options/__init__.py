"""Options: the sections of a target's file, a module each."""
