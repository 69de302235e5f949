"""Check a database, and write down what it is."""
