"""A dump of which several programs write a part, all of the same moment."""
