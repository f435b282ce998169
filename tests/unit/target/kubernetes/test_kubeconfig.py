"""Kubeconfig files and contexts, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.fixtures.errors import raises

from gitctl.errors import ConfigError, ErrorId
from gitctl.target.kubernetes.access import Access, Login


def written(path: Path, *contexts: str, current: str = "", server: str = "https://127.0.0.1:1", **user: object) -> Path:
    """A kubeconfig with these contexts."""
    config = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
        "contexts": [{"name": n, "context": {"cluster": "c", "user": "u", "namespace": f"ns-{n}"}} for n in contexts],
        "current-context": current,
    }
    path.write_text(yaml.safe_dump(config))
    return path


def test_the_current_context_or_a_named_one(tmp_path: Path) -> None:
    path = written(tmp_path / "k", "one", "two", current="two")
    assert Access(Login(str(path))).endpoint.namespace == "ns-two"
    assert Access(Login(str(path), "one")).endpoint.namespace == "ns-one"


def test_files_are_merged_as_kubectl_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = written(tmp_path / "a", "one", current="one")
    second = written(tmp_path / "b", "two")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'missing'}:{second}")
    assert Access(Login(context="two")).endpoint.context == "two"


def test_the_usual_place(isolated: Path) -> None:
    (isolated / ".kube").mkdir()
    written(isolated / ".kube" / "config", "home", current="home")
    assert Access(Login()).endpoint.context == "home"


def test_an_unknown_context_gets_a_suggestion(tmp_path: Path) -> None:
    path = written(tmp_path / "k", "production", "staging", current="staging")
    with raises(ErrorId.CONTEXT_UNKNOWN, match="'prodution' is not in") as caught:
        Access(Login(str(path), "prodution"))
    assert caught.value.hint == "did you mean 'production'?"
    with pytest.raises(ConfigError) as caught:
        Access(Login(str(path), "zzz"))
    assert caught.value.hint == "the contexts there are: production, staging"


def test_no_current_context(tmp_path: Path) -> None:
    with raises(ErrorId.CONTEXT_NEEDED, match="no current context"):
        Access(Login(str(written(tmp_path / "k", "one"))))


def test_no_kubeconfig_at_all(isolated: Path) -> None:
    with raises(ErrorId.KUBECONFIG_MISSING, match="there is no kubeconfig"):
        Access(Login())


def test_a_file_that_is_named_and_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        Access(Login(str(tmp_path / "missing")))


@pytest.mark.parametrize("text", ["token: hunter2\n  bad: [", "- hunter2\n", "hunter2", ""])
def test_a_broken_file_is_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k"
    path.write_text(text)
    with raises(ErrorId.KUBECONFIG_UNREADABLE) as caught:
        Access(Login(str(path)))
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_groups_need_a_user(tmp_path: Path) -> None:
    path = written(tmp_path / "k", "one", current="one")
    with raises(ErrorId.FLAGS_CONFLICT, match="--as-group needs --as"):
        Access(Login(str(path), groups=("g",)))


def test_impersonation_by_flag_replaces_that_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "k", "one", current="one", token="t", **{"as": "eve", "as-user-extra": {"scope": ["a", "b"]}})
    assert ("Impersonate-User", "eve") in Access(Login(str(path))).headers()
    assert ("Impersonate-Extra-scope", "b") in Access(Login(str(path))).headers()
    assert Access(Login(str(path), impersonate="ada")).headers() == [("Authorization", "Bearer t"), ("Impersonate-User", "ada")]


def test_a_proxy_and_a_server_name_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "k", "one", current="one")
    config = yaml.safe_load(path.read_text())
    config["clusters"][0]["cluster"] |= {"proxy-url": "http://127.0.0.1:3128", "tls-server-name": "inside"}
    path.write_text(yaml.safe_dump(config))
    endpoint = Access(Login(str(path))).endpoint
    assert (endpoint.proxy, endpoint.server_name) == ("http://127.0.0.1:3128", "inside")


@pytest.mark.parametrize("key", ["exec", "auth-provider", "tokenFile", "client-key", "client-certificate"])
def test_a_file_of_the_repository_names_no_program_and_no_file(tmp_path: Path, key: str) -> None:
    mark = tmp_path / "mark"
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [str(mark)], "interactiveMode": "Never"}
    value = {"exec": plugin, "auth-provider": {"name": "oidc"}}.get(key, "/etc/hostname")
    path = written(tmp_path / "k", "one", current="one", **{key: value})
    with raises(ErrorId.KUBECONFIG_UNTRUSTED, match=f"its user has `{key}`"):
        Access(Login(str(path), own=False))
    assert not mark.exists()


def test_a_file_of_the_repository_may_hold_a_token(tmp_path: Path) -> None:
    path = written(tmp_path / "k", "one", current="one")
    assert Access(Login(str(path), own=False)).headers() == [("Authorization", "Bearer t")]


@pytest.mark.parametrize(
    ("cluster", "why"),
    [
        ({"server": "https://example.com", "insecure-skip-tls-verify": True}, "its certificate is not checked"),
        ({"server": "http://example.com"}, "it is asked by http://"),
        ({"server": "http://127.0.0.1@example.com"}, "it is asked by http://"),
    ],
)
def test_a_server_that_nobody_vouches_for(tmp_path: Path, cluster: dict[str, object], why: str) -> None:
    path = written(tmp_path / "k", "one", current="one")
    config = yaml.safe_load(path.read_text())
    config["clusters"][0]["cluster"] = cluster
    path.write_text(yaml.safe_dump(config))
    with raises(ErrorId.INSECURE_SERVER, match=f"context one: {why}"):
        Access(Login(str(path)))
    assert Access(Login(str(path), insecure=True)).endpoint.server == cluster["server"]
    config["clusters"][0]["cluster"]["server"] = str(cluster["server"]).replace("127.0.0.1@", "").replace("example.com", "127.0.0.1:1")
    path.write_text(yaml.safe_dump(config))
    assert Access(Login(str(path))).endpoint.server
