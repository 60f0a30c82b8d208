"""Candidates: found, looked at, their addresses corrected, their requests settled."""
