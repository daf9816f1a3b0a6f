"""What every room may lean on: ids, clock, errors, facts. Tiny; no Django models, no settings."""
