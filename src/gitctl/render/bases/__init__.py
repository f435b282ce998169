"""Remote bases: kustomizations that lie in other repositories, allowed by gitctl.yaml and pinned to a commit."""
