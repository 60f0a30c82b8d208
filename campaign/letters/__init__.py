"""Letters: actions of supporters, their letters to candidates, and the life of each."""
