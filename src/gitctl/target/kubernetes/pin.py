"""Pin: which cluster it is: the uid of kube-system, and the one that gitctl.yaml names."""

from __future__ import annotations

from gitctl.errors import ErrorId, Refused
from gitctl.model.app import Cluster
from gitctl.model.manifest import ObjectRef
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.observe import refusal
from gitctl.target.kubernetes.resource import NAMESPACES

_SYSTEM = ObjectRef("", "Namespace", "", "kube-system")


def read_uid(client: Client) -> str:
    """The uid of kube-system. Raises Forbidden, ClusterError."""
    answer = client.get(NAMESPACES.path(_SYSTEM))
    if not answer.ok:
        raise refusal(client, answer, "get", NAMESPACES, _SYSTEM)
    return str(answer.json()["metadata"]["uid"])


def require_uid(cluster: Cluster, uid: str, client: Client) -> None:
    """Raise Refused when the cluster is not the pinned one."""
    if uid != cluster.uid:
        raise Refused(
            f"{client.where} is not the cluster {cluster.name}: its uid is {uid}, gitctl.yaml pins {cluster.uid}",
            id=ErrorId.WRONG_CLUSTER,
            hint="check the context; if the cluster was built anew, correct `uid` in gitctl.yaml",
        )
