"""Campaign advocacy toolkit: supporters write to candidates, candidates answer in public."""
