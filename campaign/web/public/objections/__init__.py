"""What is recorded for a candidate, and how they object to it, behind their personal link."""
