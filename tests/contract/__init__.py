"""Contract suites: one an interface, run against every implementation of it, real and fake."""
