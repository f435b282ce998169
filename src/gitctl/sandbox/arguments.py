"""The command line of each part: loopback only, mutual TLS to etcd, no fsync (the data may go with the machine)."""

from __future__ import annotations

from gitctl.sandbox.part import Part
from gitctl.sandbox.plane import ControlPlane
from gitctl.sandbox.ports import LOOPBACK

# A /24 runs out after about 250 Services.
_SERVICES = "10.96.0.0/16"
_PODS = "10.244.0.0/16"


def arguments(part: Part, plane: ControlPlane) -> tuple[str, ...]:
    """Flags of a part."""
    match part:
        case Part.ETCD:
            return _etcd(plane)
        case Part.API_SERVER:
            return _api_server(plane)
        case Part.CONTROLLERS:
            return _controllers(plane)
        case Part.SCHEDULER:
            return (f"--kubeconfig={plane.kubeconfig}", "--leader-elect=false", "--secure-port=0")
        case Part.KWOK:
            return _kwok(plane)


def _etcd(plane: ControlPlane) -> tuple[str, ...]:
    pki = plane.files.pki
    clients = f"https://{LOOPBACK}:{plane.ports.etcd}"
    peers = f"https://{LOOPBACK}:{plane.ports.etcd_peer}"
    return (
        "--name=sandbox",
        f"--data-dir={plane.files.etcd_data}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=sandbox={peers}",
        # Without client certificates every user of this machine could read the cluster's Secrets.
        "--client-cert-auth",
        f"--trusted-ca-file={pki}/ca.crt",
        f"--cert-file={pki}/etcd.crt",
        f"--key-file={pki}/etcd.key",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={pki}/ca.crt",
        f"--peer-cert-file={pki}/etcd.crt",
        f"--peer-key-file={pki}/etcd.key",
        "--unsafe-no-fsync",
        "--log-level=error",
    )


def _api_server(plane: ControlPlane) -> tuple[str, ...]:
    pki = plane.files.pki
    return (
        f"--bind-address={LOOPBACK}",
        f"--secure-port={plane.ports.api_server}",
        f"--cert-dir={pki}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--etcd-servers=https://{LOOPBACK}:{plane.ports.etcd}",
        f"--etcd-cafile={pki}/ca.crt",
        f"--etcd-certfile={pki}/etcd.crt",
        f"--etcd-keyfile={pki}/etcd.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-cluster-ip-range={_SERVICES}",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=RBAC",
        f"--token-auth-file={plane.files.tokens}",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
        # Ends watches on SIGTERM; without it the server waits a minute for its clients to go first.
        "--shutdown-watch-termination-grace-period=1s",
    )


def _controllers(plane: ControlPlane) -> tuple[str, ...]:
    pki = plane.files.pki
    return (
        f"--kubeconfig={plane.kubeconfig}",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        # Its default port is fixed: a second control plane could not start.
        "--secure-port=0",
        # On a busy machine a heartbeat comes late; pods that are marked as not ready then stay so: no kubelet puts them right.
        "--node-monitor-grace-period=24h",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    )


def _kwok(plane: ControlPlane) -> tuple[str, ...]:
    pki = plane.files.pki
    return (
        f"--kubeconfig={plane.kubeconfig}",
        "--manage-all-nodes=true",
        # One line a status change otherwise.
        "--v=WARN",
        f"--config={plane.files.stages}",
        f"--cidr={_PODS}",
        # The API server asks the "kubelet" of every node for logs there.
        f"--node-ip={LOOPBACK}",
        f"--node-port={plane.ports.kubelet}",
        f"--server-address={LOOPBACK}:{plane.ports.kubelet}",
        f"--tls-cert-file={pki}/kubelet.crt",
        f"--tls-private-key-file={pki}/kubelet.key",
    )
