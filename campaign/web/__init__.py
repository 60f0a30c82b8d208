"""The web: audiences above, what they share below."""
