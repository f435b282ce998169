"""What is fuzzed: every place where bytes of others are read. A target takes bytes; it may refuse them, and only so.

Refusing is a GitctlError with an id and an exit code of bad input (2 to 5), in whose message no secret stands. Everything else is a
finding: another exception, a result that does not keep the target's own promise, too long, too much memory.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from gitctl.documents import Limits, dump_all, each_marked, load_all, load_marked, place_of
from gitctl.errors import GitctlError, ManyErrors
from gitctl.redact import SHORTEST, Redactor

CANARY = "Kanarie7c4n4ry"
MOST = 20_000
"""Bytes that are looked at: longer inputs find nothing more, and take long."""

LIMITS = Limits(nodes=100_000)
Target = Callable[[bytes], None]


# Readers of what comes from a cluster, or leads to one: also 6 and 7.
_CLUSTER = ("kubeconfig", "state")


def refuses(target: Target) -> Target:
    """The target, with refusals looked at and let pass."""
    codes = range(2, 8 if target.__name__ in _CLUSTER else 6)

    def call(data: bytes) -> None:
        try:
            target(data[:MOST])
        except GitctlError as error:
            for one in error.errors if isinstance(error, ManyErrors) else (error,):
                _check(one, codes)

    call.__doc__ = target.__doc__
    return call


def _check(error: GitctlError, codes: range) -> None:
    told = f"{error} {error.hint} {error.details}"
    assert error.id is not None, told
    assert error.exit_code in codes, (told, error.exit_code)
    assert CANARY not in told, "a secret in a message"
    assert len(told) < 5000


def yaml(data: bytes) -> None:
    """YAML manifests: what is read is written so that it reads the same, and every place is in the file."""
    found = load_all(data, where="a.yaml", limits=LIMITS)
    values = [document.value for document in found]
    again = [document.value for document in load_all(dump_all(values).encode(), where="a.yaml", limits=LIMITS)]
    assert again == values
    for document in found:
        assert place_of(data, (), where="a.yaml", index=document.index, limits=LIMITS).line >= 0


def yaml_variants(data: bytes) -> None:
    """The other ways to read YAML."""
    load_all(data, where="a.yaml", limits=LIMITS, unquoted=True)
    for _ in each_marked(data, where="a.yaml", limits=LIMITS):
        pass
    load_marked(data, where="a.yaml", limits=LIMITS)


def manifests(data: bytes) -> None:
    """Manifests through to objects."""
    from tests.unit.render.trees import NoSecrets, app

    from gitctl.protocols import Document
    from gitctl.render.assemble import assemble
    from gitctl.render.raw import parse

    raws = parse([Document(data, "a.yaml", exact=True)])
    if sum(len(json.dumps(raw.body)) for raw in raws) < 10 * MOST:
        assemble(app(namespace="shop"), raws, NoSecrets(), renderer="plain")


def config(data: bytes) -> None:
    """gitctl.yaml. Its errors name keys and values: it holds no secrets."""
    from gitctl.config.load import load

    load(data.replace(CANARY.encode(), b"x"), path="gitctl.yaml", folder="")


def kustomization(data: bytes) -> None:
    """A kustomization, followed through what it names. Whatever it says, nothing outside of the tree is read."""
    from gitctl.render.kustomization import scan

    scan(_Tree({"app/kustomization.yaml": data, "app/a.yaml": b"kind: ConfigMap\n"}), "app")


class _Tree:
    """A tree in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def files(self, folder: str) -> Mapping[str, bytes]:
        assert not folder.startswith(("/", "../")), folder
        return {name: content for name, content in self._files.items() if name == folder or name.startswith(f"{folder}/" if folder else "")}

    def names(self, folder: str) -> tuple[str, ...]:
        return tuple(self.files(folder))

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


def field_set(data: bytes) -> None:
    """FieldsV1, and paths of it in an object. Whoever may write an object may write its managedFields too."""
    from gitctl.model.fieldpath import get, remove, server_text, shown
    from gitctl.model.fieldset import FieldSet

    first, _, second = data.partition(b"\n")
    fields = FieldSet.parse(first.decode("utf-8", "replace"))
    assert FieldSet.parse(fields.tree()) == fields
    assert FieldSet.parse(fields.canonical()).canonical() == fields.canonical()
    body = _json(second)
    for path in sorted(fields.members)[:50]:
        shown(path)
        server_text(path)
        get(body, path)
        remove(body, (path,))
    fields.leaves()


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return {"spec": {"containers": [{"name": "web", "image": "a"}, "x"], "a": 1}}


def remote(data: bytes) -> None:
    """Addresses of Git. What passes is no flag, runs nothing, and has no password in it."""
    from gitctl.source.names import parse_remote

    text = data.replace(CANARY.encode(), b"x").decode("utf-8", "surrogateescape")
    if len(data) % 2:
        text = text.replace("://", f"://robot:{CANARY}@", 1)
    found = parse_remote(text, base=Path("/base"))
    assert not found.url.startswith("-"), found.url
    assert found.url.isprintable()
    assert not re.match(r"(?i)[a-z0-9+.-]*::", found.url), found.url
    assert found.scheme in ("https", "http", "ssh", "file")
    if found.scheme in ("https", "http"):
        assert "@" not in found.url.split("/")[2], found.url
    assert found.scheme == "file" or CANARY not in found.url
    assert not found.host.startswith("-")


def revision(data: bytes) -> None:
    """Names of revisions. What passes is no flag, no range, no search, and one line."""
    from gitctl.source.names import check_name

    name = data.decode("utf-8", "surrogateescape").replace(CANARY, "")
    check_name(name)
    assert not name.startswith("-")
    assert name.isprintable()
    assert ".." not in name
    assert ":" not in name
    assert " " not in name


def redactor(data: bytes) -> None:
    """Learn a secret; whatever form it comes back in, it must not survive. The form is chosen by the first byte."""
    if len(data) < 10:
        return
    secret = data[2:40].decode("utf-8", "replace").replace("\ufffd", "?").strip()
    if len(secret) < SHORTEST or secret.lower() in ("true", "false", "null", "none") or "*" in secret or len(set(secret)) < 4:
        return
    learned = Redactor([secret])
    for text in _forms(secret, data[40:].decode("utf-8", "replace"), data[0]):
        shown = learned.clean(text)
        assert secret not in shown, text
        bare = re.sub(r"\s", "", shown)
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + secret.encode()).decode().rstrip("=")
            inner = encoded[(shift * 8 + 5) // 6 : (shift + len(secret.encode())) * 8 // 6]
            assert len(inner) < 8 or inner not in bare, (secret, text)
    assert secret not in json.dumps(learned.clean_json({"a": [secret, {secret: f"x{secret}y"}]}), ensure_ascii=False)
    _numbers(secret)


def _forms(secret: str, around: str, choice: int) -> list[str]:
    raw = secret.encode()
    encoded = base64.b64encode(around.encode()[: choice % 5] + raw + b"tail").decode()
    width = 8 + choice % 70
    return [
        f"{around}{secret}{around}",
        encoded,
        base64.urlsafe_b64encode(raw).decode(),
        base64.encodebytes(around.encode("utf-8", "replace")[:200] + raw * 3).decode(),
        "\n".join(encoded[at : at + width] for at in range(0, len(encoded), width)),
        "\n  ".join(encoded[at : at + width] for at in range(0, len(encoded), width)),
        json.dumps({"a": secret}),
        json.dumps(json.dumps({"a": secret})),
        quote(secret, safe=""),
    ]


def _numbers(secret: str) -> None:
    """Secrets that are numbers come back as other programs write them."""
    value = 10_000_000 + sum(secret.encode()) * 7919
    for number in (value, -value, value + 0.5, value / 1024):
        if len(str(number)) < SHORTEST:
            continue
        learned = Redactor([str(number)])
        shown = json.dumps(learned.clean_json({"a": number, "b": [float(number)]}))
        assert str(number) not in shown, number
        mantissa, _, exponent = f"{float(number):.17e}".partition("e")
        short = repr(float(f"{mantissa}"))
        for text in (str(number), repr(float(number)), f"{short}e+{abs(int(exponent)):02d}"):
            assert text not in learned.clean(f"x {text} y"), (number, text)


def kubeconfig(data: bytes) -> None:
    """A kubeconfig that came with the repository: read, never run."""
    from gitctl.target.kubernetes.access import Access, Login

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_bytes(data)
        Access(Login(str(path), own=False)).headers()


def placeholders(data: bytes) -> None:
    """Rendered text with placeholders in it: a damaged one is refused, the rest stays as it is."""
    from gitctl.secrets.placeholder import Secret, holds_token, replace, token

    known = token("ENC[x]", ("a",))
    text = data.decode("utf-8", "surrogateescape").replace("@", known)
    opened = replace(text, {known: Secret(CANARY)})
    assert known not in opened
    if not holds_token(text):
        assert opened == text


def sops(data: bytes) -> None:
    """Files of sops, in all its forms, without a key."""
    from gitctl.secrets.leaves import documents, encrypted, secret_data, template
    from gitctl.secrets.pysops.kind import Kind, is_encrypted, kind_of
    from gitctl.secrets.pysops.metadata import status

    for name in ("a.yaml", "a.json", "a.env", "a.ini", "a.bin", ""):
        is_encrypted(name, data)
        kind_of(name, data)
    kind = tuple(Kind)[data[0] % len(Kind)] if data else Kind.YAML
    status(data, kind=kind)
    found = documents(data, kind=kind, where="a")
    tuple(encrypted(found))
    secret_data(found)
    template(data, kind=kind, where="a")


def sops_rules(data: bytes) -> None:
    """.sops.yaml."""
    from gitctl.secrets.rules import rule_for

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".sops.yaml").write_bytes(data.replace(CANARY.encode(), b""))
        rule_for(Path(folder, "secret.yaml"))


def variables(data: bytes) -> None:
    """`${…}` in manifests: values never change what kind of object it is."""
    from gitctl.protocols import Document
    from gitctl.render.raw import parse
    from gitctl.render.variables import Variables, substitute

    known = Variables({"NAME": "value", "COUNT": 3, "FLAG": True, "TEXT": "a: b\n- c"})
    before = parse([Document(data.replace(CANARY.encode(), b""), "a.yaml", exact=True)], unquoted=True)
    after, _ = substitute(before, known)
    assert [_shape(raw.body) for raw in after] == [_shape(raw.body) for raw in before]


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return [len(value), *(_shape(item) for item in value.values())]
    return [_shape(item) for item in value] if isinstance(value, list) else None


def patterns(data: bytes) -> None:
    """JSON pointers and paths of gitctl.yaml."""
    from gitctl.model.pattern import find, parse

    first, _, second = data.replace(CANARY.encode(), b"").partition(b"\n")
    tuple(find(parse(first.decode("utf-8", "replace")), _json(second)))


def ignore_file(data: bytes) -> None:
    """.gitctlignore, against names that it may match in many ways."""
    from gitctl.render.ignore_file import Ignored

    ignored = Ignored(data.decode("utf-8", "replace"))
    for path in ("a" * 200, "/".join("a" * 40), "apps/web/a.yaml", "a/b/c.yaml/d"):
        ignored.matches(path)


def archive(data: bytes) -> None:
    """Archives of charts."""
    import gzip

    from gitctl.render.archive import unpack

    for packed in (data, gzip.compress(data, 1)):
        try:
            found = unpack(packed, where="chart")
        except GitctlError:
            if packed is data:
                continue
            raise
        assert not any(name.startswith("/") or ".." in name.split("/") for name in found)


def state(data: bytes) -> None:
    """Stored states: a Secret that others may have written into. A damaged one is an error of the cluster (6) or a guard (7)."""
    import zlib

    from gitctl.target.codec import decode, shard_names

    root = zlib.compress(data, 1)
    shard_names(root)
    decode(root, {})


TARGETS: Mapping[str, Target] = {
    target.__name__.replace("_", "-"): refuses(target)
    for target in (
        yaml,
        yaml_variants,
        manifests,
        config,
        kustomization,
        field_set,
        remote,
        revision,
        redactor,
        kubeconfig,
        placeholders,
        sops,
        sops_rules,
        variables,
        patterns,
        ignore_file,
        archive,
        state,
    )
}
