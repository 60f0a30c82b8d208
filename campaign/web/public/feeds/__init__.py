"""Feeds of what has changed in a campaign's public record."""
