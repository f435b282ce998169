"""⑥ Records: opened before the first write, closed at the end, kept within bounds, and found again. Pure: times are arguments."""
