"""The press kit of a constituency."""
