"""The store: a bucket, and what dbops keeps in it, one kind of object a module."""
