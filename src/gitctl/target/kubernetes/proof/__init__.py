"""Proof: certificates, by which "in sync" is known without asking the server. Why that is sound: docs/proof.md."""
