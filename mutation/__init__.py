"""Changes the rules of the domain one at a time, to see whether a test notices: `make mutants`, docs/quality.md."""
