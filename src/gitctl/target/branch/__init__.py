"""The target that is a branch: rendered manifests, one file an object, one commit a sync."""
