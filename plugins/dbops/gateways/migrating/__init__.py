"""A migration while it runs: Prisma's ledger, the session that executes it, and the one that looks on."""
