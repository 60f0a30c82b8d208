"""The candidate's own page, opened by their personal link."""
