"""The shell's way in: arguments, verbs, and what they show. ``main.main`` is the whole of it."""
