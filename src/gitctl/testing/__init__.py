"""Conformance suites for authors of plug-ins. No test framework is needed: a check is a function that raises AssertionError."""
