"""Names of files that mean something to several parts."""

from __future__ import annotations

from typing import Final

KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize looks for in a folder, in its order."""
