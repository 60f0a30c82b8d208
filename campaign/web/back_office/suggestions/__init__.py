"""Evidence that the public suggested."""
