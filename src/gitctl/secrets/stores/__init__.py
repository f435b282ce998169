"""Stores outside of Git that a reference may name, one a file. Their libraries are imported when the first value is asked for."""
