"""Sealed Secrets: seal for the controller's certificate, check without the cluster, open and seal anew with a backup of its keys.

The format is that of Bitnami's kubeseal, both ways; neither kubeseal nor a cluster is needed. `crypt` is the only door of the library
cryptography. Plaintext is in memory alone: it is in no error, and in no file but those that the user asks for.
"""
