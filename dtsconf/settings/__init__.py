"""Settings: declared once, read from layers, merged under the organisation's policy, every value with its origin."""
