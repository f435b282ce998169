"""PURE: objects of built-in kinds, with some choice, and where objects lie."""

from __future__ import annotations

from random import Random

from gitctl.model.manifest import Json


def _object(api: str, kind: str, name: str, **parts: object) -> Json:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": {"app": name}}, **parts}


def config(name: str, rng: Random) -> Json:
    """A ConfigMap."""
    return _object("v1", "ConfigMap", name, data={k: rng.choice(("1", "", "true", "x\n")) for k in "abc"[: rng.randrange(1, 4)]})


def secret(name: str, rng: Random) -> Json:
    """A Secret."""
    return _object(
        "v1", "Secret", name, type="Opaque", data={k: rng.choice(("aGVsbG8=", "", "eA==")) for k in "abc"[: rng.randrange(1, 4)]}
    )


def deployment(name: str, rng: Random) -> Json:
    """A Deployment that runs no pods."""
    ports = [{"containerPort": 80, "name": "a"}, {"containerPort": 81, "protocol": "UDP"}][: rng.randrange(3)]
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": ""},
        {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    container: Json = {"name": "web", "image": "nginx:1", "ports": ports, "env": env[: rng.randrange(4)]}
    if rng.random() < 0.5:
        container["resources"] = {"limits": {"cpu": rng.choice(("1000m", "1", 1)), "memory": rng.choice(("1024Mi", "1Gi"))}}
    if rng.random() < 0.5:
        container["readinessProbe"] = {"httpGet": {"port": rng.choice((80, "a"))}}
    spec: Json = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
    }
    spec["replicas"] = 0
    spec["paused"] = True
    return _object("apps/v1", "Deployment", name, spec=spec)


def service(name: str, rng: Random) -> Json:
    """A Service."""
    ports: list[Json] = [
        {"name": "a", "port": 80},
        {"name": "b", "port": 81, "protocol": "UDP"},
        {"name": "c", "port": 82, "targetPort": "web"},
    ]
    return _object("v1", "Service", name, spec={"selector": {"app": name}, "ports": ports[: rng.randrange(1, 4)]})


def network(name: str, rng: Random) -> Json:
    """A NetworkPolicy: atomic lists, ports as numbers and names."""
    ingress = [{"ports": [{"port": rng.choice((80, "web"))}, {"port": 81, "protocol": "UDP"}]}, {"from": [{"podSelector": {}}]}]
    return _object("networking.k8s.io/v1", "NetworkPolicy", name, spec={"podSelector": {}, "ingress": ingress[: rng.randrange(3)]})


def scaler(name: str, rng: Random) -> Json:
    """A HorizontalPodAutoscaler, of two served versions."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nothing"}
    spec: Json = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": rng.randrange(2, 5)}
    if rng.random() < 0.4:
        return _object("autoscaling/v1", "HorizontalPodAutoscaler", name, spec=spec)
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", name, spec=spec | {"metrics": [metric]})


def claim(name: str, rng: Random) -> Json:
    """A PersistentVolumeClaim."""
    size = rng.choice(("1024Mi", "1Gi", "2Gi"))
    return _object(
        "v1", "PersistentVolumeClaim", name, spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    )


def role(name: str, rng: Random) -> Json:
    """A Role: atomic rules."""
    rule = {"apiGroups": [""], "resources": ["pods", "secrets"][: rng.randrange(1, 3)], "verbs": ["get", "list"]}
    return _object("rbac.authorization.k8s.io/v1", "Role", name, rules=[rule] * rng.randrange(1, 3))


def account(name: str, rng: Random) -> Json:
    """A ServiceAccount."""
    return _object("v1", "ServiceAccount", name, automountServiceAccountToken=rng.random() < 0.5)


def ingress(name: str, _: Random) -> Json:
    """An Ingress."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return _object("networking.k8s.io/v1", "Ingress", name, spec={"rules": [{"host": "a.example.com", "http": {"paths": paths}}]})


def _pods(name: str, rng: Random, **spec: object) -> Json:
    """A pod template."""
    container: Json = {"name": "web", "image": "nginx:1", "env": [{"name": "A", "value": rng.choice(("", "1"))}][: rng.randrange(2)]}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}


def _workload(api: str, kind: str, name: str, rng: Random, **spec: object) -> Json:
    selector = {"matchLabels": {"app": name}}
    return _object(api, kind, name, spec={"selector": selector, "template": _pods(name, rng), **spec})


def stateful(name: str, rng: Random) -> Json:
    """A StatefulSet that runs no pods, with claims."""
    request = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": rng.choice(("1024Mi", "1Gi"))}}}
    claims = [{"metadata": {"name": "data"}, "spec": request}][: rng.randrange(2)]
    return _workload("apps/v1", "StatefulSet", name, rng, replicas=0, serviceName="none", volumeClaimTemplates=claims)


def daemon(name: str, rng: Random) -> Json:
    """A DaemonSet for no node."""
    return _object(
        "apps/v1",
        "DaemonSet",
        name,
        spec={"selector": {"matchLabels": {"app": name}}, "template": _pods(name, rng, nodeSelector={"no": "node"})},
    )


def replica_set(name: str, rng: Random) -> Json:
    """A ReplicaSet of none."""
    return _workload("apps/v1", "ReplicaSet", name, rng, replicas=0)


def controller(name: str, rng: Random) -> Json:
    """A ReplicationController of none."""
    return _object("v1", "ReplicationController", name, spec={"replicas": 0, "selector": {"app": name}, "template": _pods(name, rng)})


def job(name: str, rng: Random) -> Json:
    """A Job that waits."""
    template = _pods(name, rng, restartPolicy="Never")
    return _object("batch/v1", "Job", name, spec={"suspend": True, "template": template, "backoffLimit": rng.randrange(3)})


def cron(name: str, rng: Random) -> Json:
    """A CronJob that waits."""
    jobs = {"spec": {"template": _pods(name, rng, restartPolicy="Never")}}
    return _object(
        "batch/v1", "CronJob", name, spec={"suspend": True, "schedule": rng.choice(("0 0 * * *", "@daily")), "jobTemplate": jobs}
    )


def pod_template(name: str, rng: Random) -> Json:
    """A PodTemplate."""
    return _object("v1", "PodTemplate", name, template=_pods(name, rng))


def budget(name: str, rng: Random) -> Json:
    """A PodDisruptionBudget: a number or a share."""
    return _object(
        "policy/v1",
        "PodDisruptionBudget",
        name,
        spec={"minAvailable": rng.choice((0, 1, "50%")), "selector": rng.choice(({}, {"matchLabels": {"app": name}}))},
    )


def binding(name: str, rng: Random) -> Json:
    """A RoleBinding."""
    subjects = [
        {"kind": "ServiceAccount", "name": "a", "namespace": "default"},
        {"kind": "User", "name": "b", "apiGroup": "rbac.authorization.k8s.io"},
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "none"}
    return _object("rbac.authorization.k8s.io/v1", "RoleBinding", name, roleRef=role, subjects=subjects[: rng.randrange(3)])


def lease(name: str, rng: Random) -> Json:
    """A Lease."""
    return _object(
        "coordination.k8s.io/v1", "Lease", name, spec={"holderIdentity": rng.choice("ab"), "leaseDurationSeconds": rng.randrange(1, 9)}
    )


def slice_of(name: str, rng: Random) -> Json:
    """An EndpointSlice."""
    ports: list[Json] = [{"name": "a", "port": 80}, {"name": "", "port": 81, "protocol": "UDP"}]
    return _object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        name,
        addressType="IPv4",
        endpoints=[{"addresses": ["10.0.0.1"], "conditions": {}}][: rng.randrange(2)],
        ports=ports[: rng.randrange(3)],
    )


def revision(name: str, rng: Random) -> Json:
    """A ControllerRevision."""
    return _object("apps/v1", "ControllerRevision", name, revision=rng.randrange(1, 9), data={"a": "b"})


def capacity(name: str, rng: Random) -> Json:
    """A CSIStorageCapacity."""
    return _object("storage.k8s.io/v1", "CSIStorageCapacity", name, storageClassName="none", capacity=rng.choice(("1024Mi", "1Gi")))


def claim_template(name: str, rng: Random) -> Json:
    """A ResourceClaimTemplate."""
    request = {"name": "a", "exactly": {"deviceClassName": "none", "count": rng.randrange(1, 3)}}
    return _object("resource.k8s.io/v1", "ResourceClaimTemplate", name, spec={"spec": {"devices": {"requests": [request]}}})


def quota(name: str, rng: Random) -> Json:
    """A ResourceQuota that nothing reaches."""
    return _object("v1", "ResourceQuota", name, spec={"hard": {"count/widgets.example.com": rng.choice(("1000", "1k", 1000))}})


BUILT_IN = (
    *(config, secret, deployment, service, network, scaler, claim, role, account, ingress, stateful, daemon, replica_set, controller),
    *(job, cron, pod_template, budget, binding, lease, slice_of, revision, capacity, claim_template, quota),
)
"""25 kinds."""
_PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses", "CSIStorageCapacity": "csistoragecapacities"}


def path_of(namespace: str, body: Json, version: str = "") -> str:
    """The path of an object, at another version when one is named."""
    group, _, named = body["apiVersion"].rpartition("/")
    plural = _PLURALS.get(body["kind"], body["kind"].lower() + "s")
    root = f"/apis/{group}/{version or named}" if group else f"/api/{named}"
    return f"{root}/namespaces/{namespace}/{plural}/{body['metadata']['name']}"
