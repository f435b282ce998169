"""Find secrets that lie in files as plain text: pure, from a path and bytes to places. No value is ever part of a result.

`exposures` looks at one file, `generator_inputs` says which other files a kustomization makes Secrets of, `exposed_inputs` looks at
such a file. A baseline holds what is known.
"""

from __future__ import annotations

from gitctl.secrets.scan.baseline import known, read_baseline, write_baseline
from gitctl.secrets.scan.file import exposures
from gitctl.secrets.scan.kustomize import exposed_inputs, generator_inputs

__all__ = ["exposed_inputs", "exposures", "generator_inputs", "known", "read_baseline", "write_baseline"]
