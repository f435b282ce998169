"""What differs, what a sync would do about it, and what stops it. Pure: no clock, no disk, no network."""
