"""What is measured against the usual way of doing it, with how to run it: see README.md."""
