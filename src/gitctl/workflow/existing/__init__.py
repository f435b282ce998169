"""What a repository that is not gitctl's yet already holds: kustomizations, charts and plain manifests, as apps to propose."""
