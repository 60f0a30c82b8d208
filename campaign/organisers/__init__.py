"""Organisers: people with a login and a role."""
