"""The certificate of the Sealed Secrets controller, through the API server's proxy to its Service: no port need be open."""

from __future__ import annotations

from urllib.parse import quote

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.manifest import Json
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client

_HINT = "is it there? --controller-name and --controller-namespace name it; or take its certificate from a file: --cert"


def fetch_certificate(client: Client, *, namespace: str, name: str) -> bytes:
    """What the controller answers under /v1/cert.pem. Raises ClusterError family."""
    services = f"/api/v1/namespaces/{quote(namespace, safe='')}/services/"
    where = f"service {namespace}/{name}, {client.where}"
    found = client.get(services + quote(name, safe=""))
    if found.status == 404:
        raise ClusterError("no such controller", id=ErrorId.CERTIFICATE_UNREACHABLE, where=where, hint=_HINT)
    if not found.ok:
        raise failure.error(found, f"get services {name} in namespace {namespace}", where=client.where)
    via = quote(f"http:{name}:{_port(found.json())}", safe=":")
    answer = client.get(f"{services}{via}/proxy/v1/cert.pem", accept="*/*")
    if answer.status == 403 and failure.refused_rights(answer):
        raise failure.error(answer, f"get services/proxy {name} in namespace {namespace}", where=client.where)
    if not answer.ok:
        said = f"the controller does not answer ({answer.status})"
        raise ClusterError(said, id=ErrorId.CERTIFICATE_UNREACHABLE, where=where, hint=_HINT)
    return answer.body


def _port(service: Json) -> str:
    """The first port, by its name where it has one, as kubeseal takes it."""
    ports: list[Json] = service.get("spec", {}).get("ports") or [{}]
    return str(ports[0].get("name") or ports[0].get("port", ""))
