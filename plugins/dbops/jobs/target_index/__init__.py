"""The short forms of what buckets hold: kept fresh, and read as one, so that a look at many targets is quick."""
