"""What production is made of: an SBOM of the hashed lock, and the licence of each package in it."""
