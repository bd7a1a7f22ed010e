"""Results -> output: text for people, JSON as in the contract. Computes nothing and decides nothing."""
