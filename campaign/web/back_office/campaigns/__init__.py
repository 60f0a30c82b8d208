"""Overview of the campaigns and of each one."""
