"""A Kubernetes cluster as a target: server-side apply, state in Secrets, locks in Leases."""
