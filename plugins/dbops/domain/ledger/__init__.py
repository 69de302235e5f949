"""The ledger: the numbered migrations of a target, and what of them its database says was applied."""
