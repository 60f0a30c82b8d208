"""Supporters: members of the public, known by a confirmed address, never by a password."""
