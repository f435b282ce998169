"""The command line: flags in, results out. Only this package imports typer and rich, prints, and exits."""
