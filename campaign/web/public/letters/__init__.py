"""From "write" to the supporter's own page."""
