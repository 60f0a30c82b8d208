"""Anybody can suggest evidence of where a candidate stands."""
