"""Pages for supporters, candidates and everybody else."""
