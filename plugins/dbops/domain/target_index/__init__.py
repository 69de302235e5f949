"""TargetIndex: the short form of all that a target's bucket says."""
