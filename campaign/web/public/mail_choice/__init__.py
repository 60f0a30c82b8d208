"""How a candidate wants to be written to, behind their personal link."""
