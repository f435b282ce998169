"""Which helm gitctl works with."""

from __future__ import annotations

from gitctl.render.tool import Tool

HELM = Tool("helm", ("version", "--short"), (3, 14, 0), (5, 0, 0), "brew install helm, or go install helm.sh/helm/v4/cmd/helm@latest")
