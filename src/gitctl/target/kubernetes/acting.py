"""Acting as somebody else: a client that sends an app's requests as the app's own service account, over the same connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from gitctl.errors import ErrorId, Forbidden
from gitctl.parallel import mutex
from gitctl.target.kubernetes.access import Access
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request
from gitctl.target.kubernetes.wire import Wire

_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
_IMPERSONATION = "Impersonate-"


class Actors:
    """Who looks at and who applies an owner's objects: this run, or the app's own account."""

    def __init__(self, client: Callable[[], Client], accounts: Mapping[str, str]) -> None:
        """`client` is this run's; `accounts` are service accounts (NAMESPACE/NAME) by owner id."""
        self._client = client
        self._accounts = dict(accounts)
        self._mutex = mutex()
        self._acting: dict[str, ActingClient] = {}

    def looker(self, owner: str) -> Client:
        """Who looks at an owner's objects: whoever may not act as the account that applies them looks with his own rights."""
        acting = self._acting_for(owner)
        return acting if acting is not None and acting.permitted else self._client()

    def writer(self, owner: str) -> Client:
        """Who applies an owner's objects. Raises Forbidden when nobody here may act so."""
        acting = self._acting_for(owner)
        if acting is None:
            return self._client()
        acting.require()
        return acting

    def _acting_for(self, owner: str) -> ActingClient | None:
        account = self._accounts.get(owner, "")
        if not account:
            return None
        client = self._client()
        with self._mutex:
            if account not in self._acting:
                self._acting[account] = ActingClient(client, account)
            return self._acting[account]


class ActingClient(Client):
    """Impersonates a service account: the server of the client that it comes from, its credentials, its count of requests.

    It takes the place of an impersonation by flags or kubeconfig: the API server knows one at a time. The server adds the groups.
    """

    def __init__(self, real: Client, account: str) -> None:
        """`account` is NAMESPACE/NAME."""
        super().__init__(real.login, timeout=real.timeout)
        self._real = real
        self._pace = real._pace
        self._namespace, _, self._name = account.partition("/")

    @property
    def access(self) -> Access:
        """The credentials of the real account: one context for the whole run."""
        return self._real.access

    @property
    def user(self) -> str:
        """The account as the API server calls it."""
        return f"system:serviceaccount:{self._namespace}:{self._name}"

    @cached_property
    def permitted(self) -> bool:
        """May the real account act as this one? Raises ClusterError family errors."""
        return self.send(Request("POST", _REVIEWS, body=_REVIEW)).status != 403

    def require(self) -> None:
        """Raise Forbidden when the real account may not act as this one."""
        if not self.permitted:
            raise Forbidden(
                f"{self.where}: the account may not act as {self.user}",
                id=ErrorId.FORBIDDEN,
                details=[f"impersonate serviceaccounts in namespace {self._namespace} (name {self._name})"],
                hint="ask for the verb impersonate on this service account; `gitctl rbac` prints the Role",
            )

    def _headers(self) -> list[tuple[str, str]]:
        real = [(name, value) for name, value in self.access.headers() if not name.startswith(_IMPERSONATION)]
        return [*real, ("Impersonate-User", self.user)]

    def _wire(self, generation: int) -> Wire:
        return self._real._wire(generation)

    def _guard(self) -> None:
        self._real._guard()

    def _note(self, headers: Mapping[str, str], *, about_secret: bool) -> None:
        self._real._note(headers, about_secret=about_secret)
