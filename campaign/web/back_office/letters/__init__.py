"""A letter’s text, behind a reason."""
