"""Addresses for machines: health, and the open data interface to come."""
