"""ErrorId: the name under which each failure is explained (`gitctl explain ID`, docs/errors/)."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from gitctl.errors.exit_code import ExitCode


class ErrorId(StrEnum):
    """One thing that can go wrong and that the user has to understand, with the exit code that it means.

    Ids are a contract: they appear in results, scripts and search engines, and are never renamed. A new one is a row here and a page
    in `gitctl/reference/errors/`.
    """

    exit_code: ExitCode

    def __new__(cls, word: str, code: ExitCode) -> Self:
        """A member from its row: the word that is the value, and the exit code."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.exit_code = code
        return member

    @classmethod
    def named(cls, word: str) -> ErrorId:
        """The member that is written so. Raises ValueError when there is none."""
        found = next((one for one in cls if one == word), None)
        if found is None:
            raise ValueError(f"no error has the id {word!r}")
        return found

    # the command line
    USAGE = "usage", ExitCode.USAGE
    FLAGS_CONFLICT = "flags-conflict", ExitCode.USAGE
    ARGUMENT_INVALID = "argument-invalid", ExitCode.USAGE
    OUTPUT_FORM = "output-form", ExitCode.USAGE
    EDITOR_MISSING = "editor-missing", ExitCode.USAGE
    CONTEXT_UNNAMED = "context-unnamed", ExitCode.USAGE
    ENVIRONMENT_NEEDED = "environment-needed", ExitCode.USAGE
    APP_NAME_NEEDED = "app-name-needed", ExitCode.USAGE
    CONTEXT_NOT_IN_ENVIRONMENT = "context-not-in-environment", ExitCode.USAGE

    # gitctl.yaml and the kubeconfig
    CONFIG_MISSING = "config-missing", ExitCode.INPUT
    CONFIG_NOT_COMMITTED = "config-not-committed", ExitCode.INPUT
    CONFIG_UNKNOWN_KEY = "config-unknown-key", ExitCode.INPUT
    CONFIG_MISSING_KEY = "config-missing-key", ExitCode.INPUT
    CONFIG_TYPE = "config-type", ExitCode.INPUT
    CONFIG_VALUE = "config-value", ExitCode.INPUT
    CONFIG_REFERENCE = "config-reference", ExitCode.INPUT
    CONFIG_PLACEHOLDER = "config-placeholder", ExitCode.INPUT
    CONFIG_PATH = "config-path", ExitCode.INPUT
    CONFIG_CYCLE = "config-cycle", ExitCode.INPUT
    CONFIG_CONTRADICTION = "config-contradiction", ExitCode.INPUT
    APP_UNKNOWN = "app-unknown", ExitCode.INPUT
    APP_NOT_IN_ENVIRONMENT = "app-not-in-environment", ExitCode.INPUT
    ENVIRONMENT_UNKNOWN = "environment-unknown", ExitCode.INPUT
    CLUSTER_NEEDED = "cluster-needed", ExitCode.INPUT
    CLUSTER_UNKNOWN = "cluster-unknown", ExitCode.INPUT
    FOLDER_MISSING = "folder-missing", ExitCode.INPUT
    NO_APP_FOUND = "no-app-found", ExitCode.INPUT
    KUBECONFIG_MISSING = "kubeconfig-missing", ExitCode.INPUT
    KUBECONFIG_UNTRUSTED = "kubeconfig-untrusted", ExitCode.INPUT
    KUBECONFIG_UNREADABLE = "kubeconfig-unreadable", ExitCode.INPUT
    CONTEXT_UNKNOWN = "context-unknown", ExitCode.INPUT
    CONTEXT_NEEDED = "context-needed", ExitCode.INPUT

    # manifests and what they name
    YAML_SYNTAX = "yaml-syntax", ExitCode.INPUT
    YAML_DUPLICATE_KEY = "yaml-duplicate-key", ExitCode.INPUT
    YAML_TOO_LARGE = "yaml-too-large", ExitCode.INPUT
    YAML_ENCODING = "yaml-encoding", ExitCode.INPUT
    YAML_EDIT = "yaml-edit", ExitCode.INPUT
    NOT_AN_OBJECT = "not-an-object", ExitCode.INPUT
    MANIFEST_FIELD = "manifest-field", ExitCode.INPUT
    DUPLICATE_OBJECT = "duplicate-object", ExitCode.INPUT
    KIND_UNKNOWN = "kind-unknown", ExitCode.INPUT
    NO_CLUSTER_APP = "no-cluster-app", ExitCode.INPUT
    STATE_NAMESPACE = "state-namespace", ExitCode.INPUT
    OBJECT_UNKNOWN = "object-unknown", ExitCode.INPUT
    OBJECT_AMBIGUOUS = "object-ambiguous", ExitCode.INPUT
    RECORD_UNKNOWN = "record-unknown", ExitCode.INPUT
    SANDBOX_UNKNOWN = "sandbox-unknown", ExitCode.INPUT
    SCHEMAS_MISSING = "schemas-missing", ExitCode.INPUT
    SCHEMAS_UNREADABLE = "schemas-unreadable", ExitCode.INPUT

    # values that stay in a store
    REFERENCE_INVALID = "reference-invalid", ExitCode.INPUT
    REFERENCE_UNLISTED = "reference-unlisted", ExitCode.INPUT
    REFERENCE_MISSING = "reference-missing", ExitCode.INPUT

    # files
    FILE_MISSING = "file-missing", ExitCode.INPUT
    FILE_UNREADABLE = "file-unreadable", ExitCode.INPUT
    FILE_UNWRITABLE = "file-unwritable", ExitCode.INPUT
    REPOSITORY_TOO_LARGE = "repository-too-large", ExitCode.INPUT
    LINK_UNSAFE = "link-unsafe", ExitCode.INPUT
    PATH_UNSAFE = "path-unsafe", ExitCode.INPUT
    PATH_CASE = "path-case", ExitCode.INPUT
    MANAGED_FIELDS = "managed-fields", ExitCode.INPUT

    # what is rendered
    REMOTE_BASE = "remote-base", ExitCode.INPUT
    KUSTOMIZE_FILE = "kustomize-file", ExitCode.INPUT
    KUSTOMIZE_UNSUPPORTED = "kustomize-unsupported", ExitCode.INPUT
    CHART_MISSING = "chart-missing", ExitCode.INPUT
    CHART_REFERENCE = "chart-reference", ExitCode.INPUT
    CHART_DIGEST = "chart-digest", ExitCode.INPUT
    ARCHIVE_UNSAFE = "archive-unsafe", ExitCode.INPUT
    RENDERER_UNDECIDED = "renderer-undecided", ExitCode.INPUT
    RENDERER_UNKNOWN = "renderer-unknown", ExitCode.INPUT
    PLUGIN_BROKEN = "plugin-broken", ExitCode.INPUT
    VARIABLE_UNKNOWN = "variable-unknown", ExitCode.INPUT
    VARIABLE_FORM = "variable-form", ExitCode.INPUT
    VARIABLE_VALUE = "variable-value", ExitCode.INPUT
    HELM_OPTION = "helm-option", ExitCode.INPUT

    # secrets and keys
    ALREADY_ENCRYPTED = "already-encrypted", ExitCode.INPUT
    NOT_ENCRYPTED = "not-encrypted", ExitCode.INPUT
    NOTHING_TO_ENCRYPT = "nothing-to-encrypt", ExitCode.INPUT
    KEY_FILE_MISSING = "key-file-missing", ExitCode.INPUT
    KEY_FILE_INVALID = "key-file-invalid", ExitCode.INPUT
    DEPLOY_KEY = "deploy-key", ExitCode.INPUT
    RECIPIENT_INVALID = "recipient-invalid", ExitCode.INPUT
    SOPS_RULE_MISSING = "sops-rule-missing", ExitCode.INPUT
    SOPS_CONFIG = "sops-config", ExitCode.INPUT
    WRONG_KEY = "wrong-key", ExitCode.INPUT
    SECRET_TAMPERED = "secret-tampered", ExitCode.INPUT
    SECRET_CONTENT = "secret-content", ExitCode.INPUT
    SECRET_UNOPENED = "secret-unopened", ExitCode.INPUT
    RESTART_KEY_UNUSABLE = "restart-key-unusable", ExitCode.INPUT
    SECRET_MERGE = "secret-merge", ExitCode.INPUT
    NOT_IN_CONFLICT = "not-in-conflict", ExitCode.INPUT
    BASE64_INVALID = "base64-invalid", ExitCode.INPUT
    EDITOR_FAILED = "editor-failed", ExitCode.INPUT
    BASELINE_INVALID = "baseline-invalid", ExitCode.INPUT
    NOT_A_SECRET = "not-a-secret", ExitCode.INPUT
    CERTIFICATE_INVALID = "certificate-invalid", ExitCode.INPUT
    CERTIFICATE_EXPIRED = "certificate-expired", ExitCode.INPUT
    SEALING_KEY_INVALID = "sealing-key-invalid", ExitCode.INPUT
    SEALED_WRONG_KEY = "sealed-wrong-key", ExitCode.INPUT
    SEALED_BROKEN = "sealed-broken", ExitCode.INPUT
    SEALED_SCOPE = "sealed-scope", ExitCode.INPUT

    # Git
    NOT_A_REPOSITORY = "not-a-repository", ExitCode.SOURCE
    INSIDE_REPOSITORY = "inside-repository", ExitCode.SOURCE
    NO_COMMITS = "no-commits", ExitCode.SOURCE
    COMMITTER_UNKNOWN = "committer-unknown", ExitCode.SOURCE
    REVISION_UNKNOWN = "revision-unknown", ExitCode.SOURCE
    REVISION_AMBIGUOUS = "revision-ambiguous", ExitCode.SOURCE
    NO_UPSTREAM = "no-upstream", ExitCode.SOURCE
    DETACHED_HEAD = "detached-head", ExitCode.SOURCE
    PATH_NOT_IN_REVISION = "path-not-in-revision", ExitCode.SOURCE
    SUBMODULE = "submodule", ExitCode.SOURCE
    GIT_FAILED = "git-failed", ExitCode.SOURCE
    REPOSITORY_DAMAGED = "repository-damaged", ExitCode.SOURCE
    URL_UNSUPPORTED = "url-unsupported", ExitCode.SOURCE
    NO_REMOTE = "no-remote", ExitCode.SOURCE
    REMOTE_UNREACHABLE = "remote-unreachable", ExitCode.SOURCE
    REMOTE_CREDENTIALS = "remote-credentials", ExitCode.SOURCE
    REMOTE_REPOSITORY = "remote-repository", ExitCode.SOURCE
    CACHE_UNWRITABLE = "cache-unwritable", ExitCode.SOURCE
    TEMPORARY_UNWRITABLE = "temporary-unwritable", ExitCode.SOURCE
    REMOTE_BUSY = "remote-busy", ExitCode.SOURCE
    REMOTE_STALE = "remote-stale", ExitCode.SOURCE
    PUSH_REJECTED = "push-rejected", ExitCode.SOURCE
    BRANCH_MOVED = "branch-moved", ExitCode.SOURCE
    BRANCH_UNKNOWN = "branch-unknown", ExitCode.SOURCE
    BRANCH_DIVERGED = "branch-diverged", ExitCode.SOURCE
    NOT_A_PROJECT = "not-a-project", ExitCode.SOURCE

    # rendering, and programs that gitctl calls
    TOOL_MISSING = "tool-missing", ExitCode.RENDER
    TOOL_VERSION = "tool-version", ExitCode.RENDER
    PROGRAM_TIMEOUT = "program-timeout", ExitCode.RENDER
    PROGRAM_LIMIT = "program-limit", ExitCode.RENDER
    RENDER_FAILED = "render-failed", ExitCode.RENDER
    EXTERNAL_DIFF_FAILED = "external-diff-failed", ExitCode.RENDER
    RENDER_RANDOM = "render-random", ExitCode.RENDER
    NOT_REPRODUCIBLE = "not-reproducible", ExitCode.RENDER
    CHART_UNREACHABLE = "chart-unreachable", ExitCode.RENDER
    CHART_HOOKS = "chart-hooks", ExitCode.RENDER
    NO_ROOM = "no-room", ExitCode.RENDER
    SECRET_MISPLACED = "secret-misplaced", ExitCode.RENDER
    SECRET_MANGLED = "secret-mangled", ExitCode.RENDER
    NO_USABLE_KEY = "no-usable-key", ExitCode.RENDER
    SOPS_FAILED = "sops-failed", ExitCode.RENDER
    EXTRA_MISSING = "extra-missing", ExitCode.RENDER
    SANDBOX_BUILD = "sandbox-build", ExitCode.RENDER

    # the cluster
    CLUSTER_UNREACHABLE = "cluster-unreachable", ExitCode.CLUSTER
    NOT_AUTHENTICATED = "not-authenticated", ExitCode.CLUSTER
    CREDENTIAL_PLUGIN = "credential-plugin", ExitCode.CLUSTER
    FORBIDDEN = "forbidden", ExitCode.CLUSTER
    API_ERROR = "api-error", ExitCode.CLUSTER
    NOT_KUBERNETES = "not-kubernetes", ExitCode.CLUSTER
    SERVER_TOO_OLD = "server-too-old", ExitCode.CLUSTER
    STATE_DAMAGED = "state-damaged", ExitCode.CLUSTER
    SANDBOX_FAILED = "sandbox-failed", ExitCode.CLUSTER
    CERTIFICATE_UNREACHABLE = "certificate-unreachable", ExitCode.CLUSTER
    STORE_UNREACHABLE = "store-unreachable", ExitCode.CLUSTER
    STORE_DENIED = "store-denied", ExitCode.CLUSTER
    KEY_SERVICE_UNREACHABLE = "key-service-unreachable", ExitCode.CLUSTER
    KEY_SERVICE_DENIED = "key-service-denied", ExitCode.CLUSTER

    # guards
    CONSENT_NEEDED = "consent-needed", ExitCode.REFUSED
    PLAIN_SECRET = "plain-secret", ExitCode.REFUSED
    PLACE_TAKEN = "place-taken", ExitCode.REFUSED
    HELD = "held", ExitCode.REFUSED
    SUSPENDED = "suspended", ExitCode.REFUSED
    PLAN_DIGEST = "plan-digest", ExitCode.REFUSED
    EMPTY_RENDER = "empty-render", ExitCode.REFUSED
    PROTECTED = "protected", ExitCode.REFUSED
    PRUNE_COUNT = "prune-count", ExitCode.REFUSED
    PRUNE_SHARE = "prune-share", ExitCode.REFUSED
    PRUNE_KIND = "prune-kind", ExitCode.REFUSED
    PRUNE_NAMESPACE = "prune-namespace", ExitCode.REFUSED
    PRUNE_BUDGET = "prune-budget", ExitCode.REFUSED
    FOREIGN_OWNER = "foreign-owner", ExitCode.REFUSED
    NOT_OURS = "not-ours", ExitCode.REFUSED
    IMMUTABLE = "immutable", ExitCode.REFUSED
    WRONG_CLUSTER = "wrong-cluster", ExitCode.REFUSED
    INSECURE_SERVER = "insecure-server", ExitCode.REFUSED
    TEAM_RULES = "team-rules", ExitCode.REFUSED
    DEPENDENCY_NOT_READY = "dependency-not-ready", ExitCode.REFUSED
    STILL_NEEDED = "still-needed", ExitCode.REFUSED
    STATE_LOST = "state-lost", ExitCode.REFUSED
    STATE_NEWER = "state-newer", ExitCode.REFUSED
    UNCOMMITTED_CHANGES = "uncommitted-changes", ExitCode.REFUSED
    MERGE_UNFINISHED = "merge-unfinished", ExitCode.REFUSED
    BRANCH_CHECKED_OUT = "branch-checked-out", ExitCode.REFUSED
    NEVER_SYNCED = "never-synced", ExitCode.REFUSED
    NO_HEALTHY_RECORD = "no-healthy-record", ExitCode.REFUSED
    RECORD_UNCOMMITTED = "record-uncommitted", ExitCode.REFUSED
    ROLLBACK_CONFIG = "rollback-config", ExitCode.REFUSED
    ROLLBACK_CHANGES_OTHERS = "rollback-changes-others", ExitCode.REFUSED
    PUSH_NEEDED = "push-needed", ExitCode.REFUSED
    ROLLBACK_NEEDS_PUSH = "rollback-needs-push", ExitCode.REFUSED
    BRANCH_NEEDS_PUSH = "branch-needs-push", ExitCode.REFUSED
    BRANCH_SECRET = "branch-secret", ExitCode.REFUSED
    BRANCH_REFERENCE = "branch-reference", ExitCode.REFUSED
    EDITED_MEANWHILE = "edited-meanwhile", ExitCode.REFUSED
    NO_MEMORY_FOLDER = "no-memory-folder", ExitCode.REFUSED
    HOLDER_ALIVE = "holder-alive", ExitCode.REFUSED

    # the end of a run
    APPLY_FAILED = "apply-failed", ExitCode.PARTIAL
    FIELD_CONFLICT = "field-conflict", ExitCode.PARTIAL
    ATOMIC_REFUSED = "atomic-refused", ExitCode.PARTIAL
    RESTORED = "restored", ExitCode.PARTIAL
    RESTORED_IN_PART = "restored-in-part", ExitCode.PARTIAL
    NOT_HEALTHY = "not-healthy", ExitCode.UNHEALTHY
    NOT_GONE = "not-gone", ExitCode.UNHEALTHY
    DEFINITION_NOT_SERVED = "definition-not-served", ExitCode.UNHEALTHY
    LOCKED = "locked", ExitCode.LOCKED
    LOCK_LOST = "lock-lost", ExitCode.LOCKED
    STATE_MOVED = "state-moved", ExitCode.LOCKED
    BUG = "bug", ExitCode.BUG
    INTERRUPTED = "interrupted", ExitCode.INTERRUPTED
    TERMINATED = "terminated", ExitCode.TERMINATED
