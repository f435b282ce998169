"""gitctl.yaml → apps: find, check (every error of the file at once), load, resolve."""
