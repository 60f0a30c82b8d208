"""Pledges: what candidates answer to each ask, as events that are added and never edited."""
