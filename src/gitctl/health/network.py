"""Service, Ingress, and the Gateway API, whose conditions stand per listener, parent or ancestor too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitctl.health.live import Condition, Live, conditions_of
from gitctl.health.verdict import Check, failed, healthy, progressing
from gitctl.model.health import Health


def service(live: Live) -> Health:
    """A load balancer has an address; other types need nothing."""
    return _address(live) if live.text("spec", "type") == "LoadBalancer" else healthy()


def ingress(live: Live) -> Health:
    """Its controller wrote an address."""
    return _address(live)


def _address(live: Live) -> Health:
    entries = [Live(e) for e in live.every("status", "loadBalancer", "ingress", "*") if isinstance(e, Mapping)]
    if not entries:
        return progressing("no load balancer address yet")
    return healthy(", ".join(e.text("hostname") or e.text("ip") or "address assigned" for e in entries))


def gateway(live: Live) -> Health:
    """Accepted and programmed, and so is every listener."""
    own = {"name": live.text("metadata", "name"), "conditions": live.at("status", "conditions")}
    listeners = [entry for entry in live.every("status", "listeners", "*") if isinstance(entry, Mapping)]
    return _judged(live, list(_verdicts([own, *listeners])))


def route(live: Live) -> Health:
    """Every parent gateway accepted the route and resolved its backends."""
    parents = [p for p in live.every("status", "parents", "*") if isinstance(p, Mapping)]
    if not parents:
        return progressing("no gateway has looked at it yet")
    return _judged(live, list(_verdicts(parents)))


def policy(live: Live) -> Health | None:
    """Policies of the Gateway API (GEP-713) carry conditions per ancestor."""
    ancestors = [p for p in live.every("status", "ancestors", "*") if isinstance(p, Mapping)]
    return _judged(live, list(_verdicts(ancestors))) if ancestors else None


def admitted(live: Live) -> Health:
    """OpenShift's Route: `Admitted` per router."""
    routers = [p for p in live.every("status", "ingress", "*") if isinstance(p, Mapping)]
    return _judged(live, list(_verdicts(routers))) if routers else progressing("no router has looked at it yet")


def _verdicts(places: list[Mapping[str, object]]) -> Iterator[tuple[str, Condition]]:
    for place in places:
        known = Live(place)
        name = next(filter(None, (known.text(*path) for path in _NAMES)), "?")
        yield from ((name, c) for c in conditions_of(place.get("conditions")))


def _judged(live: Live, verdicts: list[tuple[str, Condition]]) -> Health:
    for name, condition in verdicts:
        if condition.type in _GATES and not condition.true and not live.outdated(condition):
            pending = condition.status == "Unknown" or condition.type == "Programmed" or condition.reason in _PENDING
            return (progressing if pending else failed)(f"{name}: {condition}")
    stale = [f"{name}: {c.type} speaks of generation {c.observed}, now {live.generation}" for name, c in verdicts if live.outdated(c)]
    if stale or not verdicts:
        return progressing(stale[0] if stale else "no conditions yet")
    return healthy(f"accepted by {', '.join(dict.fromkeys(name for name, _ in verdicts))}")


_NAMES = (("parentRef", "name"), ("ancestorRef", "name"), ("routerName",), ("name",))
_GATES = ("Accepted", "ResolvedRefs", "Programmed", "Admitted", "Ready")
_PENDING = ("Pending", "Waiting", "NotReconciled")
_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")

RULES: Mapping[tuple[str, str], Check] = {
    ("", "Service"): service,
    ("networking.k8s.io", "Ingress"): ingress,
    ("route.openshift.io", "Route"): admitted,
    ("gateway.networking.k8s.io", "Gateway"): gateway,
    ("gateway.networking.k8s.io", "BackendTLSPolicy"): policy,
    **{("gateway.networking.k8s.io", kind): route for kind in _ROUTES},
}
