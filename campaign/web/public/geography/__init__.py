"""From a postcode to a constituency."""
