"""How letters come to a candidate, set by an organiser for them."""
