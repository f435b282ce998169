"""Which field of a list item names the item: the Kubernetes API's patchMergeKey and list-map-keys, by name of the list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_TABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "conditions": (("type",),),
    "ephemeralContainers": (("name",),),
    "hostAliases": (("ip",),),
    "imagePullSecrets": (("name",),),
    "items": (("key",), ("path",)),
    "matchExpressions": (("key",),),
    "ownerReferences": (("uid",),),
    "podIPs": (("ip",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "resizePolicy": (("resourceName",),),
    "tolerations": (("key",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "validations": (("expression",),),
    "volumeDevices": (("devicePath",),),
    "volumeMounts": (("mountPath",),),
}
_ELSE = (("name",),)
"""Most keyed lists (containers, env, volumes, webhooks) and most lists of custom resources use the name."""

_DEFAULTS = {"protocol": "TCP"}


def key_fields(name: str, lists: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """The fields that name the items of a list called `name`, () when the items of one of `lists` have no such distinct names."""
    for fields in (*_TABLE.get(name, ()), *_ELSE):
        if any(lists) and all(_distinct(items, fields) for items in lists):
            return fields
    return ()


def _distinct(items: Sequence[Any], fields: tuple[str, ...]) -> bool:
    keys = [item_key(item, fields) for item in items]
    return None not in keys and len(set(keys)) == len(keys)


def item_key(item: Any, fields: tuple[str, ...]) -> str | None:
    """The step that names a list item, such as `[name=web]`; None when the item lacks one of the fields.

    `protocol` is TCP where it is not written, as the API server has it.
    """
    if not isinstance(item, dict):
        return None
    values = [item.get(field, _DEFAULTS.get(field)) for field in fields]
    if any(value is None or isinstance(value, dict | list) for value in values):
        return None
    return key_step(dict(zip(fields, values, strict=True)))


def key_step(keys: dict[str, Any]) -> str:
    """`{"containerPort": 80, "protocol": "TCP"}` → `[containerPort=80,protocol=TCP]`."""
    return "[" + ",".join(f"{key}={plain(keys[key])}" for key in sorted(keys)) + "]"


def plain(value: Any) -> str:
    """A string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
