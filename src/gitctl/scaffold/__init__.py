"""The templates of `gitctl bootstrap`, as package data under `files/`."""
