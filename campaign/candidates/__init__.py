"""Candidates: people, their standing on ballots, and how they can be reached."""
