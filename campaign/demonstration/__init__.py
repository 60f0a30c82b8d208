"""The demonstration: an invented election, its past letters and pledges."""
