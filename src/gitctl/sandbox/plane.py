"""ControlPlane: what others need to know to use one; its token and its kubeconfig."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from gitctl.errors import ErrorId, InputError
from gitctl.paths import private_folder, write_private
from gitctl.sandbox import ports
from gitctl.sandbox.layout import Layout, known_names, layout
from gitctl.sandbox.part import Part


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """One control plane, running or not. `server` is its URL, `authority` the path of the PEM file that its certificate is checked with."""

    name: str
    folder: Path
    kubeconfig: Path
    context: str
    server: str
    authority: Path
    token: str = field(repr=False)
    ports: ports.Ports
    parts: tuple[Part, ...] = tuple(Part)

    @property
    def files(self) -> Layout:
        """Where its files are."""
        return Layout(self.name, self.folder)


def open_plane(name: str) -> ControlPlane:
    """The control plane of that name, as recorded. Raises InputError when there is none."""
    files = layout(name)
    found = ports.load(files)
    if found is None or not files.tokens.is_file():
        known = ", ".join(known_names())
        hint = f"there are: {known}" if known else f"start one with `gitctl sandbox up --name {name}`"
        raise InputError(f"no control plane is named {name}", id=ErrorId.SANDBOX_UNKNOWN, hint=hint)
    return _describe(files, found)


def _describe(files: Layout, chosen: ports.Ports) -> ControlPlane:
    return ControlPlane(
        name=files.name,
        folder=files.folder,
        kubeconfig=files.kubeconfig,
        context=f"gitctl-{files.name}",
        server=f"https://{ports.LOOPBACK}:{chosen.api_server}",
        authority=files.pki / "ca.crt",
        token=files.tokens.read_text().partition(",")[0],
        ports=chosen,
    )


def make_token(files: Layout) -> None:
    """A random admin token, made once."""
    private_folder(files.pki)
    if not files.tokens.is_file():
        write_private(files.tokens, f"{secrets.token_hex(24)},gitctl-sandbox-admin,gitctl-sandbox-admin,system:masters\n")


def write_kubeconfig(plane: ControlPlane) -> None:
    """Write the kubeconfig: self-contained, so that a copy of it works elsewhere on this machine."""
    authority = base64.b64encode(plane.authority.read_bytes()).decode()
    write_private(
        plane.kubeconfig,
        f"""apiVersion: v1
kind: Config
clusters:
- name: {plane.context}
  cluster:
    server: {plane.server}
    certificate-authority-data: {authority}
users:
- name: {plane.context}
  user:
    token: {plane.token}
contexts:
- name: {plane.context}
  context:
    cluster: {plane.context}
    user: {plane.context}
current-context: {plane.context}
""",
    )
