"""AWS Secrets Manager and Systems Manager Parameter Store, by botocore (extra `aws`), as the account that runs.

Credentials and region are looked for as every AWS program does: variables, profiles, web identity, instance roles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from gitctl.model.reference import Source, StoreKind
from gitctl.parallel import mutex
from gitctl.protocols import Fault, Trouble

INSTALL = "pip install 'gitctl-cli[aws]'"
_MISSING = {"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"}
_BUSY = {"ThrottlingException", "TooManyRequestsException", "InternalServiceError", "InternalServerError", "ServiceUnavailable"}
_REGION = "name a region: AWS_REGION, or ?region= in the reference"
_LOGIN = "see who you are: aws sts get-caller-identity"


class _Client:
    """One service's clients, one for each region; made by one thread at a time, as botocore wants it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._mutex = mutex()
        self._known: dict[str, Any] = {}

    def of(self, region: str) -> Any:
        """The client for a region, "" for the account's own. Raises ImportError, and botocore's errors."""
        from botocore.config import Config
        from botocore.session import get_session

        with self._mutex:
            if region not in self._known:
                config = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2})
                self._known[region] = get_session().create_client(self._service, region_name=region or None, config=config)
            return self._known[region]


class _AwsStore:
    service: ClassVar[str]

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` may have AWS_REGION, which botocore alone does not look at."""
        self._client = _Client(self.service)
        self._region = environment.get("AWS_REGION", "")

    def read(self, source: Source) -> bytes | Fault:
        """See Store."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            return Fault(Trouble.NO_LIBRARY, "the AWS library is not installed", hint=INSTALL)
        try:
            return self._ask(self._client.of(source.option("region") or _region_of(source.path) or self._region), source)
        except ClientError as refused:
            return _refused(refused.response)
        except BotoCoreError as fault:
            return _failed(type(fault).__name__)

    def _ask(self, client: Any, source: Source) -> bytes | Fault:
        raise NotImplementedError


class AwsSecrets(_AwsStore):
    """Implements `protocols.Store`: GetSecretValue, text or binary."""

    kind = StoreKind.AWS_SECRETS
    service = "secretsmanager"

    def _ask(self, client: Any, source: Source) -> bytes | Fault:
        wanted = {"VersionId": source.option("version_id"), "VersionStage": source.option("version_stage")}
        answer = client.get_secret_value(SecretId=source.path, **{key: value for key, value in wanted.items() if value})
        text = answer.get("SecretString")
        return text.encode() if isinstance(text, str) else bytes(answer.get("SecretBinary") or b"")


class ParameterStore(_AwsStore):
    """Implements `protocols.Store`: GetParameter, decrypted. Names begin with a slash, as vals has it."""

    kind = StoreKind.AWS_SSM
    service = "ssm"

    def _ask(self, client: Any, source: Source) -> bytes | Fault:
        version = source.option("version")
        name = f"/{source.path.removeprefix('/')}" + (f":{version}" if version else "")
        value = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return str(value).encode()


def _region_of(path: str) -> str:
    """The region that an ARN names, "" for a plain name."""
    parts = path.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 5 else ""


def _refused(response: Any) -> Fault:
    """An answer of the service. What it says in words is left out: it may quote what it likes."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return Fault(Trouble.MISSING, "there is no such secret, parameter or version in this account and region")
    if code == "InvalidRequestException":
        return Fault(Trouble.MISSING, "it is marked for deletion, or has no such version")
    if code in _BUSY or status >= 500:
        return Fault(Trouble.UNREACHABLE, f"AWS answers {code or status}", hint="try again later")
    return Fault(Trouble.DENIED, f"AWS answers {code or status}", hint=_LOGIN)


def _failed(name: str) -> Fault:
    """No answer: told by the class of botocore's error, whose text may hold an address with credentials."""
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError", "ProfileNotFound"):
        return Fault(Trouble.DENIED, f"there are no credentials for AWS ({name})", hint=_LOGIN)
    if name in ("NoRegionError", "InvalidRegionError"):
        return Fault(Trouble.DENIED, "no region is known", hint=_REGION)
    if "SSO" in name or "Unauthorized" in name:
        return Fault(Trouble.DENIED, f"the login to AWS is over ({name})", hint="aws sso login")
    return Fault(Trouble.UNREACHABLE, f"AWS cannot be reached ({name})", hint="look at AWS_ENDPOINT_URL, the region and the network")
