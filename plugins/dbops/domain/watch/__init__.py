"""The watch: what should have happened and did not, and who is told of it how often."""
