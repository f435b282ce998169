"""Follow: news of objects by WATCH, for as long as a process runs, in memory that does not grow with what happens."""
