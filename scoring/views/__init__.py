"""Pages of the scoring app: a module for each."""
