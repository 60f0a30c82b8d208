"""Geography: constituencies of a boundary set, and the postcodes that lead to them."""
