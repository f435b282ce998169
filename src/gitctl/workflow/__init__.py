"""The verbs, one a file, as compositions of the stages. Concrete adapters are handed in by `cli/open.py`."""
