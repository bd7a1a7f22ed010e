"""The machine: what is wanted of it, the plan, the transaction that carries it out, and what is told about it."""
