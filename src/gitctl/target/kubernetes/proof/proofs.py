"""Proofs: what a run knows about objects without asking the server, and what it learns by asking."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gitctl.errors import ClusterError
from gitctl.model.certificate import Certificate, Standing
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import mutex
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.proof.cache import CertificateFile, new_seal
from gitctl.target.kubernetes.proof.environment import Environment, Key
from gitctl.target.kubernetes.proof.identity import read_identity
from gitctl.target.kubernetes.proof.judge import judge
from gitctl.target.kubernetes.proof.mint import Scene, mint
from gitctl.target.kubernetes.proof.packing import Folder, Seen, kind_of, merged, says_no_less, since_of
from gitctl.target.kubernetes.proof.seal import Seal
from gitctl.target.kubernetes.proof.store import CertificateStore, Unkept
from gitctl.target.kubernetes.resource import Resource
from gitctl.target.kubernetes.shelf import Shelf


@dataclass(slots=True)
class _Book:
    """One owner's certificates. `stored` are those in the cluster, `own` those of the user's cache; both under the key `seal`.

    `shared`: the key is the state namespace's. `may_share`: there is none yet, so that ours can become it.
    """

    seal: Seal
    shared: bool
    may_share: bool
    stored: Folder
    own: Folder
    minted: dict[ObjectRef, Certificate] = field(default_factory=dict)
    epochs: dict[str, Seen] = field(default_factory=dict)
    void: dict[str, int] = field(default_factory=dict)

    def since(self, place: str, digest: str, now: int) -> int:
        """Since when a place is in this epoch; from now on where that was not known before."""
        seen = [folder[place] for folder in (self.epochs, self.stored.epochs, self.own.epochs) if place in folder]
        since = since_of(digest, seen, now)
        self.epochs[place] = Seen(digest, since)
        return since

    def candidates(self, ref: ObjectRef) -> list[Certificate]:
        """The certificates about an object, those that looks made first."""
        found = [folder.certificates[ref] for folder in (self.own, self.stored) if ref in folder.certificates]
        if not (self.void or self.own.void or self.stored.void):
            return found
        void = max(void.get(kind_of(ref), 0) for void in (self.void, self.own.void, self.stored.void))
        return [certificate for certificate in found if certificate.minted > void]

    def news(self, *, whole: bool) -> Folder:
        """What this run learnt; `whole`: and what looks of this user did before."""
        new = Folder(self.seal.name, self.minted, self.epochs, self.void)
        return merged(Folder(self.seal.name, self.own.certificates, {}, self.own.void), new) if whole else new


class Proofs:
    """The certificates of a target. `clock` stands in for the server's clock in tests."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        cache: Path,
        kinds: Callable[[], Kinds],
        *,
        acting: Callable[[str], Client] | None = None,
        clock: Callable[[int], int] = int,
    ) -> None:
        """`namespace` is the state namespace; `acting` is who compares and applies an owner's objects, where that is not `client`;
        `clock` maps the server's clock (seconds since 1970) to what is taken for it."""
        self._client = client
        self._acting = acting or (lambda _owner: client)
        self._store = CertificateStore(client, namespace)
        self._cache = cache
        self._kinds = kinds
        self._clock = clock
        self._mutex = mutex()
        self._environment: Environment | None = None
        self._identities: dict[Client, str] = {}
        self._books: dict[str, _Book] = {}
        self._key: tuple[Seal | None, bool] | None = None
        self._shelf: Shelf | None = None

    @contextmanager
    def survey(self, shelf: Shelf) -> Iterator[None]:
        """For a look at many owners: the certificates of those that were not read yet come from `shelf`."""
        self._shelf, self._key = shelf, None
        try:
            yield
        finally:
            self._shelf = None

    def begin(self, owner: str, keys: Collection[Key]) -> None:
        """Read what the verdicts on an owner's objects will need: rules as they are now, certificates, who we are."""
        with self._mutex:
            if self._environment is None or not self._environment.fresh:
                self._environment = Environment(self._client, self._kinds())
            if self._environment.readable:
                self._environment.prepare(keys)
                self._book(owner)

    def standing(self, owner: str, ref: ObjectRef, resource: Resource, sent: Json, live: Json | None) -> Standing:
        """What the certificates say about an object. Only after `begin`."""
        scene = self.scene(owner, ref, resource)
        found = self._books[owner].candidates(ref) if owner in self._books else []
        standings: list[Standing] = []
        for certificate in found or (None,):
            standings.append(judge(certificate, sent, live, scene))
            if standings[-1] is Standing.IN_SYNC:
                return Standing.IN_SYNC
        return standings[0]

    def expect(self, owner: str, ref: ObjectRef, resource: Resource) -> Scene | None:
        """The rules as they are before a write; None when they cannot be known."""
        with self._mutex:
            if self._environment is None:
                self._environment = Environment(self._client, self._kinds())
            if not self._environment.readable:
                return None
            self._environment.prepare([(resource, ref.namespace)])
            self._book(owner)
        return self.scene(owner, ref, resource)

    def learn(self, owner: str, ref: ObjectRef, sent: Json, answer: Json, before: Json | None, scene: Scene | None) -> None:
        """Keep the certificate that an answer gives. `scene` is from before the request."""
        if scene is None or owner not in self._books:
            return
        known = self._books[owner].candidates(ref)
        certificate = mint(sent, answer, before, scene, known)
        if certificate is not None and not any(says_no_less(one, certificate) for one in known):
            self._books[owner].minted[ref] = certificate

    def distrust(self, owner: str, kinds: Collection[str]) -> None:
        """The server contradicted a certificate of these kinds: all until now are void, wherever they lie."""
        if self._environment is not None and owner in self._books:
            now = self._clock(self._environment.now)
            self._books[owner].void |= dict.fromkeys(kinds, now)

    def keep_here(self, owner: str) -> None:
        """Write what a look learnt into the user's cache."""
        book = self._books.get(owner)
        if book is None:
            return
        folder = merged(book.own, book.news(whole=False))
        if folder != book.own:
            CertificateFile.of(self._client, self._cache, owner).write(folder, None if book.shared else book.seal)
            book.own = folder

    def keep(self, owner: str) -> str:
        """Write what a sync learnt into the cluster. Best effort: why that failed, "" when it did not."""
        book = self._books.get(owner)
        if book is None:
            return ""
        folder = merged(book.stored, book.news(whole=True))
        if folder == book.stored:
            return ""
        try:
            self._share(book)
            self._store.write(owner, folder)
        except (Unkept, ClusterError) as why:
            return f"certificates were not stored in the cluster: {why}"
        book.stored = folder
        return ""

    def _share(self, book: _Book) -> None:
        """See to it that the key lies in the state namespace. Raises Unkept."""
        if book.shared:
            return
        if not book.may_share:
            raise Unkept("the key of the state namespace cannot be read")
        self._store.make_key(book.seal)
        book.shared, book.may_share = True, False

    def forget(self, owner: str) -> None:
        """Remove an owner's certificates from the cluster."""
        self._books.pop(owner, None)
        self._store.remove(owner)

    def scene(self, owner: str, ref: ObjectRef, resource: Resource) -> Scene | None:
        """The rules as `begin` or `expect` found them; None when they cannot be known."""
        environment, book = self._environment, self._books.get(owner)
        if environment is None or book is None:
            return None
        epoch = environment.epoch(resource, ref.namespace)
        if epoch is None:
            return None
        now = self._clock(environment.now)
        identity = self._identities.get(self._acting(owner), "")
        return Scene(epoch, identity, now, book.since(_place(resource, ref.namespace), epoch.digest, now), book.seal)

    def _book(self, owner: str) -> _Book:
        acting = self._acting(owner)
        if acting not in self._identities:
            self._identities[acting] = read_identity(acting)
        if owner not in self._books:
            self._books[owner] = self._opened(owner)
        return self._books[owner]

    def _opened(self, owner: str) -> _Book:
        if self._key is None or self._shelf is None:
            self._key = self._store.key()
        shared, none_yet = self._key
        private, own = CertificateFile.of(self._client, self._cache, owner).read()
        seal = shared or private or new_seal()
        stored = self._store.read(owner, self._shelf) if shared else None
        return _Book(seal, shared is not None, none_yet, _under(seal, stored), _under(seal, own))


def _place(resource: Resource, namespace: str) -> str:
    return f"{resource.plural}.{resource.version}.{resource.group}/{namespace}"


def _under(seal: Seal, folder: Folder | None) -> Folder:
    """The folder when its hashes were made with this key, else an empty one."""
    return folder if folder is not None and folder.key == seal.name else Folder(seal.name)
