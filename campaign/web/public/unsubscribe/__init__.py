"""Declining further notices."""
