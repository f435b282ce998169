"""What gitctl says about itself: a page for each error, as package data under `errors/`."""
