"""A campaign for everybody: its asks, evidence and words."""
