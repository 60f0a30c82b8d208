"""What other sites show in a frame: no script, no cookie, no form."""
