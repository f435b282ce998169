"""The whole plug-in surface on one page. Structural types: nothing to inherit.

A `Source` gives trees of files, a `Renderer` turns a folder into documents, a `SecretProvider` opens encrypted files,
a `Target` answers "now / wanted / would become" and carries out changes, a `Publisher` writes to Git.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Protocol, runtime_checkable

from gitctl.model.app import App
from gitctl.model.certificate import Verify
from gitctl.model.change import Change, Comparison
from gitctl.model.manifest import Json, Manifest, ObjectRef, Path
from gitctl.model.observed import Observed as Observed
from gitctl.model.outcome import Event, Outcome
from gitctl.model.revision import Revision
from gitctl.model.rights import ServedKind
from gitctl.model.rival import Rival
from gitctl.model.secret import MaskedValue, SecretStatus
from gitctl.model.state import AppState, InventoryEntry
from gitctl.model.tree import Ancestry, Descent

Emit = Callable[[Event], None]


class Cancel(Protocol):
    """Asked between steps: has the user pressed Ctrl-C, or is the time over?"""

    def requested(self) -> bool:
        """True once nothing new may start."""
        ...


class Tree(Protocol):
    """A read-only view of all files of one revision (a commit, or the work tree). Paths are relative, with `/`."""

    @property
    def revision(self) -> Revision:
        """Which revision it is."""
        ...

    def files(self, folder: str) -> Mapping[str, bytes]:
        """All files below `folder` (repository-relative path → content), read in bulk; links are resolved inside the
        repository only. Raises InputError for a link that leaves it, SourceError when the folder does not exist."""
        ...

    def names(self, folder: str) -> Collection[str]:
        """Repository-relative paths of all files below `folder`, empty when it does not exist."""
        ...

    def identity(self, folder: str) -> str:
        """A content hash of `folder` ("" for the whole tree), for cache keys; "" when it cannot be had cheaply."""
        ...

    def export(self, overlay: Mapping[str, bytes]) -> AbstractContextManager[FilePath]:
        """The whole tree as a private folder (mode 0700) without links that leave it; `overlay` replaces files."""
        ...


class Source(Protocol):
    """A Git repository, local or mirrored."""

    def resolve(self, name: str) -> Revision:
        """The commit that a branch, tag, SHA, `HEAD~2` or `@{upstream}` names. Raises SourceError."""
        ...

    def tree(self, revision: Revision) -> Tree:
        """The files of a revision."""
        ...


class Publisher(Protocol):
    """The one way to write to Git."""

    @property
    def must_push(self) -> bool:
        """Does nobody see a commit before it is pushed?"""
        ...

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: Revision) -> Revision:
        """One commit on top of `parent` (which must still be the branch's tip) that writes (None: removes) files, work
        tree included when it is checked out. Raises SourceError, Refused when the files have uncommitted changes."""
        ...

    def push(self, revision: Revision) -> None:
        """Push the branch that holds the commit to its upstream. Raises SourceError."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted file: `content` is plaintext; `values` maps each sensitive leaf (path) to its plaintext and its encrypted form.

    A path starts with the number of the document. `template` is the file in which encrypted forms stand for values and that has
    nothing else of the provider; `encoded` are the paths whose plaintext is base64 (`data` of a Secret).
    """

    content: bytes
    values: tuple[tuple[Path, str, str], ...]
    template: bytes = b""
    encoded: frozenset[Path] = frozenset()


class SecretProvider(Protocol):
    """One way to keep secrets in Git."""

    name: str

    def recognises(self, path: str, content: bytes) -> bool:
        """Is this file encrypted by this provider? Cheap: called for every file that is read."""
        ...

    def open(self, path: str, content: bytes) -> Opened:
        """Verify and decrypt, in memory. Raises InputError (tampered), RenderError (no key), ToolMissing."""
        ...

    def outline(self, path: str, content: bytes) -> Opened:
        """The same without a key: no content, and no plaintext in `values`. Raises InputError for a file that cannot be read."""
        ...


class SecretFiles(Protocol):
    """The files of a secret provider as people work with them: content in, content out. `path` decides kind and rule, and names the
    file in errors; no method reads or writes it. Errors: InputError (bad content, tampered), RenderError (no key), ToolMissing."""

    def readers(self, path: FilePath) -> tuple[str, ...]:
        """Whose keys are taken for a file where no rule is found; () where one is. Raises InputError when there are none."""
        ...

    def write_rules(self, folder: FilePath, readers: tuple[str, ...]) -> FilePath:
        """Make the first rule file of a repository."""
        ...

    def seal(self, path: FilePath, content: bytes, *, readers: tuple[str, ...]) -> bytes:
        """Encrypt, by the rule, or for `readers` where there is none."""
        ...

    def open(self, path: FilePath, content: bytes, *, form: str = "") -> bytes:
        """Verify and decrypt; `form` (`json`, `yaml`) asks for another form."""
        ...

    def mask(self, path: FilePath, content: bytes) -> tuple[str, tuple[MaskedValue, ...]]:
        """The decrypted file with a mask in the place of each value, and the values' places and sizes."""
        ...

    def reseal(self, path: FilePath, content: bytes, plain: bytes, *, room: FilePath) -> bytes:
        """`content` with the values of `plain`; what did not change keeps its ciphertext. `room`: a private folder in memory."""
        ...

    def rotate(self, path: FilePath, content: bytes, *, by_rule: bool) -> bytes:
        """All values under a new data key; `by_rule` makes the recipients those of the rule."""
        ...

    def inspect(self, path: FilePath, content: bytes, *, verify: bool) -> SecretStatus:
        """What is known about a file; `verify` decrypts it. Only ToolMissing is raised."""
        ...

    def concerns(self, path: FilePath, content: bytes) -> bool:
        """Is this file encrypted, or ought it to be?"""
        ...


class Vault(Protocol):
    """All secret providers as a render sees them: plaintext is held in memory from `cover` until `uncover`."""

    def cover(self, path: str, content: bytes) -> bytes | None:
        """The file with a placeholder in the place of each secret; None when it is not encrypted. The same encrypted value
        at the same place gives the same placeholder. Raises InputError (tampered), RenderError (no key), ToolMissing."""
        ...

    def uncover(self, body: Json) -> tuple[Json, tuple[Path, ...]]:
        """The body with plaintext in the place of placeholders, and the paths where there were any. A placeholder may be a part
        of a longer text, and renderers may have base64-encoded the whole of it (`secretGenerator`, helm's `b64enc`)."""
        ...


@dataclass(frozen=True, slots=True)
class Reads:
    """What a renderer will read, found before it runs. `files` must be there; encrypted ones are opened. `maybe` are opened where
    their key is here; without it, rendering fails only when it uses them. `folders` (end in `/`, "" is the whole tree) are handed
    over as they are, for what no scan can foresee: ciphertext in them stays ciphertext."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What a renderer gets: the app, and the files that it said it reads (repository path → content, placeholders for secrets).

    `chart` are the files of a pinned remote chart (path inside the chart → content).
    """

    app: App
    files: Mapping[str, bytes]
    chart: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of YAML that a renderer made or passed on: text, and the file that it comes from.

    `exact` says that the text is the file itself, so that lines and columns hold.
    """

    text: bytes
    path: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Rendering:
    """A renderer's answer. `tools` are (program, version). `noted`: kustomize's origin annotation is on the objects, and is ours."""

    documents: tuple[Document, ...]
    tools: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    noted: bool = False


class Renderer(Protocol):
    """Turns a folder into YAML documents. Renderers see the files that they asked for, in memory, and nothing else."""

    name: str
    repeatable: bool
    """The same files always give the same documents; others are rendered twice to find out."""

    def detects(self, names: Collection[str]) -> str:
        """Why this renderer fits a folder with these file names (relative to it), "" when it does not."""
        ...

    def reads(self, app: App, tree: Tree) -> Reads:
        """What will be read. Raises InputError for input that is never allowed: remote bases, plug-ins, links out of the repository."""
        ...

    def fingerprint(self) -> str:
        """Changes when the external program changes, cheaply; "" when there is none. Raises ToolMissing."""
        ...

    def render(self, request: RenderRequest) -> Rendering:
        """Render. Raises RenderError, ToolMissing, ManifestError."""
        ...


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How a comparison is made.

    `namespaces` and `kinds` (group, kind) are created by the same selection; `prepare(manifest, live)` gives the body to send
    (ignored fields left out: plan/ignore.py); `adopt` folds earlier managers, `adopt_from` those of these controllers too;
    `former` are other owner ids whose objects are ours now; `keep_additions` leaves human additions alone;
    `verify`: how many proven objects are asked about all the same.
    """

    owner: str
    prepare: Callable[[Manifest, Json], Json]
    namespaces: frozenset[str] = frozenset()
    kinds: frozenset[tuple[str, str]] = frozenset()
    adopt: bool = False
    keep_additions: bool = False
    adopt_from: frozenset[Rival] = frozenset()
    former: frozenset[str] = frozenset()
    verify: Verify = Verify.SAMPLE


class Lock(Protocol):
    """A held lock."""

    def check(self) -> None:
        """Raise Locked when the lock is lost or may be: called before every write."""
        ...


class Target(Protocol):
    """Where wanted objects go. All methods raise ClusterError family errors when the target cannot be used at all."""

    @property
    def name(self) -> str:
        """What people call the target: the context, or the branch."""
        ...

    @property
    def namespace(self) -> str:
        """Where objects go that name no namespace and whose app names none; "" where the target has no such thing."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the target warns about so far, such as deprecated versions, or a proof of its own that was wrong; each once."""
        ...

    def locate(self, manifests: Sequence[Manifest], *, kinds: frozenset[tuple[str, str]]) -> tuple[Manifest, ...]:
        """The manifests with their scope settled (namespace dropped for cluster scope). Raises ManifestError for a kind
        that neither the target nor `kinds` knows, naming the likely CRD."""
        ...

    def served(self, kinds: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], ServedKind]:
        """How rules of access name these kinds (group, kind); those that the target does not serve are left out."""
        ...

    def read_state(self, owner: str) -> AppState:
        """The stored state; an empty one when there is none."""
        ...

    def write_state(self, state: AppState) -> AppState:
        """Store, and in the same step carry out what was gathered for this owner id; the result carries the new token. Raises
        StateMoved when the token is not the stored one."""
        ...

    def list_states(self) -> tuple[AppState, ...]:
        """All states in the state namespace."""
        ...

    def remove_state(self, owner: str) -> None:
        """Forget an owner id, if there is anything to forget, and in the same step carry out what was gathered for it."""
        ...

    def lock(self, owner: str, *, timeout: float, emit: Emit, cancel: Cancel | None = None) -> AbstractContextManager[Lock]:
        """Hold the app's lock. Raises Locked, naming the holder, after `timeout` seconds (0: at once); Interrupted while waiting."""
        ...

    def observe(self, owner: str, refs: Sequence[tuple[ObjectRef, str]]) -> Observed:
        """The live objects of (ref, api version) pairs: one LIST a kind by owner label, GETs for the rest."""
        ...

    def compare(
        self, manifests: Sequence[Manifest], inventory: Mapping[ObjectRef, InventoryEntry], *, options: CompareOptions
    ) -> tuple[Comparison, ...]:
        """Compare wanted with live, in the same order, by forced dry-run or certificate. Failures per object are values."""
        ...

    def keep_proofs(self, owner: str) -> str:
        """At a sync's end: store what it learnt, so that later comparisons need not ask. Best effort: why that failed, else ""."""
        ...

    def owned(self, owner: str, *, namespaces: Collection[str]) -> tuple[InventoryEntry, ...]:
        """What carries the owner id, whatever the state says; entries have no revision and no digest. Dear: for a lost state.

        Where not the whole target may be looked through, `namespaces` are."""
        ...

    def apply(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """Create, update, adopt, replace or release one object. Never raises for the object's own failure."""
        ...

    def delete(self, change: Change, *, owner: str) -> Outcome:
        """Delete one object under the preconditions of design.md §5.6 (asked again on the live object)."""
        ...

    def conclude(self, outcomes: tuple[Outcome, ...], *, whole: bool) -> tuple[Outcome, ...]:
        """The end of a run's writes; `whole`: nothing failed. A target that gathers them drops them now, or keeps them for the state."""
        ...

    def refresh(self, kinds: Collection[tuple[str, str]]) -> None:
        """Wait until newly applied definitions are served, and forget cached discovery."""
        ...

    def watch(self, refs: Sequence[tuple[ObjectRef, str]], *, seconds: float) -> Iterator[tuple[ObjectRef, Json | None]]:
        """Current objects first, then every change (None: gone), until `seconds` passed. May also yield nothing for a
        while: callers close the iterator to stop."""
        ...

    def explain(self, ref: ObjectRef, live: Json | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Events (newest last) and last log lines of a failing object's pods; empty when there are none."""
        ...

    def fields_owned(self, live: Json) -> str:
        """Our canonical FieldsV1 JSON on a live object, "" when we own nothing."""
        ...

    def identity(self) -> str:
        """The cluster's uid (of kube-system), or the branch's URL."""
        ...


@runtime_checkable
class Lineage(Protocol):
    """A target in which objects make others: a Deployment ReplicaSets, those Pods. Targets without such a thing leave it out."""

    def descendants(self, roots: Sequence[Json]) -> Descent:
        """What live objects own. Looks only at kinds that theirs may own, in their namespaces, one LIST each."""
        ...

    def ancestors(self, live: Json) -> Ancestry:
        """Who owns a live object, up to the top."""
        ...

    def find(self, word: str, name: str, namespaces: Sequence[str]) -> tuple[Json, ...]:
        """The live objects of a kind as people type it (`deploy`, `pods`, `Deployment.apps`) and a name, in any of some namespaces.

        Raises InputError for a kind that is not served, Forbidden, ClusterError."""
        ...
