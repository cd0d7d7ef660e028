"""What each step of the hot path costs: ``python -m bench.steps``."""
