"""Words: how numbers, times, names and tables are written for people, and read from them."""
