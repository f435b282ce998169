"""Encrypted files: recognise, open, keep covered while renderers read them, and the age keys and rules behind them."""
