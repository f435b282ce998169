from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, SourceError
from gitctl.source.names import check_name, is_full_sha, parse_remote

BASE = Path("/base")

GOOD_NAMES = [
    "main",
    "feature/#12-x",
    "v1.2.3",
    "HEAD",
    "HEAD~2",
    "HEAD^",
    "HEAD^2~3",
    "@",
    "@~1",
    "@{upstream}",
    "@{u}",
    "main@{upstream}",
    "refs/heads/main",
    "origin/main",
    "deadbeef",
    "größe",
    "a" * 40,
]
HOSTILE_NAMES = [
    "",
    " ",
    "-u",
    "--upload-pack=touch x",
    "-c core.sshCommand=x",
    "main\n",
    "main\r",
    "ma\x00in",
    "main\x1b[31m",
    "main --help",
    "a..b",
    "a...b",
    "../../etc/passwd",
    "HEAD:secret",
    ":/fix",
    "HEAD^{/fix}",
    "main@{1}",
    "main@{yesterday}",
    "@{-1}",
    "main@{",
    "@{",
    "^main",
    "~1",
    "^",
    "main~x",
    "a*b",
    "a?b",
    "a[b",
    "a\\b",
    ".hidden",
    "a/.b",
    "a.lock",
    "a/",
    "/a",
    "a//b",
    "a.",
    "x" * 300,
    "ma\u202ein",
]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_that_git_knows(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_never_reach_git(name: str) -> None:
    with pytest.raises(SourceError, match="cannot be a revision") as caught:
        check_name(name)
    assert caught.value.message.isprintable()


@given(st.text(max_size=30))
@settings(max_examples=200)
def test_what_passes_is_no_flag_and_holds_no_control_character(name: str) -> None:
    try:
        check_name(name)
    except SourceError:
        return
    assert re.fullmatch(r"[^\x00-\x20\x7f-][^\x00-\x20\x7f]*", name)
    assert ".." not in name


def test_full_sha() -> None:
    assert is_full_sha("a" * 40)
    assert is_full_sha("0" * 64)
    assert not any(map(is_full_sha, ["a" * 39, "A" * 40, "a" * 41, "a" * 40 + "\n", ""]))


@pytest.mark.parametrize(
    ("url", "clean", "scheme", "host", "user", "password"),
    [
        ("https://host/a.git", "https://host/a.git", "https", "host", "", ""),
        ("HTTPS://Host:8443/a", "https://Host:8443/a", "https", "host", "", ""),
        ("https://me:p%40ss@host/a", "https://host/a", "https", "host", "me", "p@ss"),
        ("https://me@host/a", "https://host/a", "https", "host", "me", ""),
        ("ssh://git@host:22/a.git", "ssh://git@host:22/a.git", "ssh", "host", "", ""),
        ("ssh://git@[::1]/a.git", "ssh://git@[::1]/a.git", "ssh", "::1", "", ""),
        ("git+ssh://git@host/a", "ssh://git@host/a", "ssh", "host", "", ""),
        ("git@host:group/a.git", "git@host:group/a.git", "ssh", "host", "", ""),
        ("host:a", "host:a", "ssh", "host", "", ""),
        ("file:///srv/a.git", "file:///srv/a.git", "file", "", "", ""),
        ("/srv/a.git", "/srv/a.git", "file", "", "", ""),
        ("../a.git", "/base/../a.git", "file", "", "", ""),
    ],
)
def test_urls(url: str, clean: str, scheme: str, host: str, user: str, password: str) -> None:
    remote = parse_remote(url, base=BASE)
    assert (remote.url, remote.scheme, remote.host, remote.user, remote.password) == (clean, scheme, host, user, password)


HOSTILE_URLS = [
    "",
    " https://host/a",
    "https://host/a\n",
    "https://host/a\r\nHost: evil",
    "https://host/\x00",
    "ext::sh -c touch% x",
    "EXT::sh -c x",
    "fd::17",
    "transport::address",
    "-u/a",
    "--upload-pack=touch x",
    "ssh://-oProxyCommand=touch/x",
    "ssh://host",
    "ssh://git:pw@host/a",
    "-oProxyCommand=x:a",
    "git@-oProxyCommand=x:a",
    "host:-x",
    "https:///a",
    "https://-x/a",
    "https://host:port/a",
    "https://ho st/a",
    "https://-me@host/a",
    "ftp://host/a",
    "git://host/a",
    "file://host/a",
    "file:a",
    "javascript:alert(1)/::x",
]


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_urls_that_never_reach_git(url: str) -> None:
    with raises(ErrorId.URL_UNSUPPORTED) as caught:
        parse_remote(url, base=BASE)
    assert "pw" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_bad_url_is_shown_without_its_password() -> None:
    with pytest.raises(SourceError) as caught:
        parse_remote("ftp://me:hunter2@host/a", base=BASE)
    assert "hunter2" not in str(caught.value)
    assert "ftp://host/a" in str(caught.value)
