"""Identity: who the API server says we are, as a hash. Policies may judge by it."""

from __future__ import annotations

from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request
from gitctl.target.kubernetes.proof.seal import plain_hash

_PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
# They change with each token of a ServiceAccount: no policy could be written by them.
_OF_A_TOKEN = "authentication.kubernetes.io/"


def read_identity(client: Client) -> str:
    """The hash of user name, uid, groups and extra words; "" when the server does not tell. Raises ClusterError family errors."""
    answer = client.send(Request("POST", _PATH, body=_REVIEW))
    user = (answer.json().get("status") or {}).get("userInfo") if answer.ok else None
    if not user or not user.get("username"):
        return ""
    extra = {k: v for k, v in (user.get("extra") or {}).items() if not k.startswith(_OF_A_TOKEN)}
    return plain_hash([user["username"], user.get("uid", ""), sorted(user.get("groups") or ()), extra])
