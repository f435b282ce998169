"""Variables in manifests: what is filled in, as what, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.errors import raises
from tests.unit.render.trees import NoSecrets, app, render_files

from gitctl.documents import dump
from gitctl.errors import ErrorId, ExitCode, GitctlError, ManifestError, ManyErrors, exit_code_of
from gitctl.model.manifest import RenderResult
from gitctl.model.variable import Variable, VarScope, VarValue
from gitctl.protocols import Document
from gitctl.render.raw import parse
from gitctl.render.run import render
from gitctl.render.variables import Variables, substitute
from gitctl.source.worktree import WorkTree

HEAD = "apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: web\n"


def filled(yaml: str, **values: VarValue) -> dict[str, Any]:
    """The body of a Thing with these lines, variables filled in."""
    objects, _ = substitute(parse([Document((HEAD + yaml).encode(), "a.yaml", exact=True)], unquoted=True), Variables(values))
    return objects[0].body


def spec(line: str, **values: VarValue) -> Any:
    return filled(f"spec:\n  x: {line}\n", **values)["spec"]["x"]


def faults(yaml: str, **values: VarValue) -> list[str]:
    with pytest.raises(GitctlError) as refused:
        filled(yaml, **values)
    error = refused.value
    assert exit_code_of(error) is ExitCode.INPUT
    return [f"{e.where}: {e.message}" for e in (error.errors if isinstance(error, ManyErrors) else [error])]


def variables(**values: VarValue) -> tuple[Variable, ...]:
    return tuple(Variable(name, value, VarScope.APP) for name, value in values.items())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("${N}", 3),
        ('"${N}"', "3"),
        ("'${N}'", "3"),
        ("${B}", True),
        ("${VERSION}", "1.30"),
        ("web:${VERSION}", "web:1.30"),
        ("${N}${N}", "33"),
        ("${N}m", "3m"),
        ("${B}-${N}", "true-3"),
        ("[\"${N}\", '${VERSION}']", ["3", "1.30"]),
        ("|\n    a ${N}\n    ${B}", "a 3\ntrue\n"),
        ("${NONE:=5}", 5),
        ('"${NONE:=5}"', "5"),
        ("${NONE:=0.5}", 0.5),
        ("${NONE:=}", ""),
        ("${NONE:=yes}", True),
        ("${NONE:=a b/c}", "a b/c"),
        ("${EMPTY:=five}", "five"),
        ("${EMPTY}", ""),
        ("${N:=5}", 3),
        ("$${N}", "${N}"),
        ("$$${N}", "$${N}"),
        ("a$${N}-${N}", "a${N}-3"),
        ("$${anything goes}", "${anything goes}"),
        ("$N $(N) $$ {N} $", "$N $(N) $$ {N} $"),
    ],
)
def test_what_a_text_becomes(line: str, expected: object) -> None:
    found = spec(line, N=3, B=True, VERSION="1.30", EMPTY="")
    assert (found, type(found)) == (expected, type(expected))
    assert type(found) is not str or found.__class__ is str


def test_a_value_is_taken_as_it_is() -> None:
    assert spec("${A}", A="${B}: {x: [1]}\n- # ", B="no") == "${B}: {x: [1]}\n- # "


def test_keys_are_filled_in_and_two_that_become_one_are_refused() -> None:
    assert filled("spec:\n  ${A}-x: 1\n  '${B}': 2\n", A="a", B="b")["spec"] == {"a-x": 1, "b": 2}
    assert faults("spec:\n  ${A}: 1\n  ${B}: 2\n", A="a", B="a") == [
        "a.yaml:7:3 spec.${B}: two keys are the same with their variables filled in"
    ]


@pytest.mark.parametrize(
    ("yaml", "path"),
    [
        ("data:\n  x: ${N}\n", ("data", "x")),
        ("spec:\n  template:\n    metadata:\n      annotations:\n        x: ${N}\n", ("spec", "template", "metadata", "annotations", "x")),
        ("spec:\n  args:\n  - ${N}\n", ("spec", "args", 0)),
        ("spec:\n  env:\n  - name: A\n    value: ${N}\n", ("spec", "env", 0, "value")),
    ],
    ids=["data", "annotations", "args", "env"],
)
def test_where_kubernetes_wants_text_a_number_is_text(yaml: str, path: tuple[Any, ...]) -> None:
    found: Any = filled(yaml, N=8080)
    for step in path:
        found = found[step]
    assert found == "8080"


@pytest.mark.parametrize("mark", ["gitctl.dev/vars", "kustomize.toolkit.fluxcd.io/substitute"])
@pytest.mark.parametrize("group", ["annotations", "labels"])
def test_an_object_can_say_no(mark: str, group: str) -> None:
    text = HEAD + f"  {group}:\n    {mark}: disabled\nspec:\n  x: ${{N}}\n  z: ${{1:-b}} $${{c}}\n"
    objects, used = substitute(parse([Document(text.encode(), "a.yaml", exact=True)], unquoted=True), Variables({"N": 3}))
    assert objects[0].body["spec"] == {"x": "${N}", "z": "${1:-b} $${c}"}
    assert type(objects[0].body["spec"]["x"]) is str
    assert used == {}


def test_another_word_for_no_is_refused() -> None:
    assert faults("  annotations:\n    gitctl.dev/vars: 'off'\n") == [
        "a.yaml:6:5 metadata.annotations.gitctl.dev/vars: gitctl.dev/vars takes 'disabled' and nothing else"
    ]


def test_everything_that_is_unknown_is_told_at_once_with_its_place() -> None:
    assert faults("spec:\n  a: ${REPLICA}\n  b:\n  - x ${OTHER} ${REPLICAS}\n  c: ${a.b}\n  d: ${N:-3}\n  e: ${N\n", REPLICAS=3) == [
        "a.yaml:6:3 spec.a: unknown variable REPLICA",
        "a.yaml:8:5 spec.b.0: unknown variable OTHER",
        "a.yaml:9:3 spec.c: `${` that names no variable",
        "a.yaml:10:3 spec.d: ${N:-…} is no form of a variable",
        "a.yaml:11:3 spec.e: `${` that names no variable",
    ]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("${REPLICA}", "did you mean 'REPLICAS'?"),
        ("${N:-3}", "write ${N:=default} (without braces in the default), or $${ for the text itself"),
        ("${N:=${M}}", "write ${N:=default} (without braces in the default), or $${ for the text itself"),
        ("${a.b}", "write $${ for the text itself, or annotate the object with gitctl.dev/vars: disabled"),
        ("{x: ${N}}", "inside of { } and [ ] YAML wants quotes around ${NAME}"),
    ],
)
def test_the_hint_is_the_next_step(line: str, hint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        spec(line, REPLICAS=3, M=1)
    assert refused.value.hint == hint


def test_each_trouble_has_its_page() -> None:
    with raises(ErrorId.VARIABLE_UNKNOWN):
        spec("${NONE}")
    with raises(ErrorId.VARIABLE_FORM):
        spec("${NONE:-x}")
    with raises(ErrorId.VARIABLE_VALUE):
        filled("spec:\n  ${A}: 1\n  a: 2\n", A="a")
    with raises(ErrorId.MANIFEST_FIELD):
        filled("  labels:\n    gitctl.dev/vars: enabled\n")
    with raises(ErrorId.VARIABLE_UNKNOWN, ErrorId.VARIABLE_FORM):
        filled("spec:\n  a: ${NONE}\n  b: ${a.b}\n")


def test_many_faults_are_counted() -> None:
    found = faults("spec:\n" + "".join(f"  x{n}: ${{Y{n}}}\n" for n in range(60)))
    assert len(found) == 51
    assert "10 more places" in found[-1]


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(value=st.one_of(TEXT, st.integers(min_value=-(2**62), max_value=2**62), st.booleans()), before=TEXT, after=TEXT)
def test_no_value_changes_the_shape_of_an_object(value: VarValue, before: str, after: str) -> None:
    sure = "s" + (before + after).replace("$", "").replace("{", "")
    body = {"list": [f"{sure}${{A}}", "${A}"], "map": {"k": "${A}${A}"}, "number": 1}
    found = filled("spec:\n" + "".join(f"  {line}\n" for line in dump(body).splitlines()), A=value)["spec"]
    assert {key: type(item) for key, item in found.items()} == {"list": list, "map": dict, "number": int}
    text = value if isinstance(value, str) else str(value).lower()
    assert found["list"][0] == sure + text
    assert found["map"]["k"] == text * 2
    assert found["list"][1] == value


@given(text=st.text(alphabet="${}A:=b ", max_size=12))
def test_every_text_can_be_written_with_more_dollars(text: str) -> None:
    escaped = re.sub(r"\$+\{", lambda m: "$" + m.group(), text)
    assert filled(f"spec:\n  x: {dump({'k': escaped}).removeprefix('k: ')}", A=1)["spec"]["x"] == text


@given(text=st.text(alphabet="${}A ", max_size=12))
def test_a_text_is_filled_in_or_refused_never_passed_on(text: str) -> None:
    try:
        found = filled(f"spec:\n  x: {dump({'k': text}).removeprefix('k: ')}", A="v")["spec"]["x"]
    except GitctlError:
        return
    assert found.count("${") == len(re.findall(r"\$\$+\{", text))


# ── through the render stage ──────────────────────────────────────────────────────────────────────────────────────────

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${REPLICAS}
  template:
    spec:
      containers:
      - name: web
        image: example.test/web:${TAG:=1}
        env:
        - name: PORT
          value: "${PORT}"
"""


def test_without_variables_nothing_is_touched(tmp_path: Path) -> None:
    result = render_files(tmp_path, {"app/a.yaml": DEPLOYMENT})
    assert result.manifests[0].body["spec"]["replicas"] == "${REPLICAS}"
    off = render_files(tmp_path, {}, app(vars=variables(X=1), substitute=False))
    assert off.digest == result.digest
    with pytest.raises(ManyErrors, match="2 errors"):
        render_files(tmp_path, {}, app(substitute=True))


@pytest.mark.parametrize("renderer", ["plain", "kustomize", "helm"])
def test_all_renderers(tmp_path: Path, renderer: str) -> None:
    extra = {
        "plain": {"app/a.yaml": DEPLOYMENT},
        "kustomize": {
            "app/a.yaml": DEPLOYMENT,
            "app/kustomization.yaml": (
                "namePrefix: ${PREFIX:=p}-\nresources: [a.yaml]\nlabels:\n- pairs: {replicas: '${REPLICAS}'}\n"
                "configMapGenerator:\n- name: c\n  literals: ['N=${REPLICAS}']\n  options: {disableNameSuffixHash: true}\n"
            ),
        },
        "helm": {
            "app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
            "app/values.yaml": "replicas: ${REPLICAS}\n",
            "app/templates/a.yaml": DEPLOYMENT.replace("${REPLICAS}", "{{ .Values.replicas }}"),
        },
    }[renderer]
    result = render_files(tmp_path, extra, app(vars=variables(REPLICAS=3, PORT=8080)), cache=tmp_path / "cache")
    assert result.inputs.renderer == renderer
    body = next(m.body for m in result.manifests if m.ref.kind == "Deployment")
    container = body["spec"]["template"]["spec"]["containers"][0]
    assert body["spec"]["replicas"] == 3
    assert container["image"] == "example.test/web:1"
    assert container["env"][0]["value"] == "8080"
    assert {"PORT", "REPLICAS", "TAG"} <= set(result.inputs.variables)
    if renderer == "kustomize":
        assert body["metadata"]["name"] == "p-web"
        assert body["metadata"]["labels"] == {"replicas": "3"}
        assert next(m.body for m in result.manifests if m.ref.kind == "ConfigMap")["data"] == {"N": "3"}
    again = render_files(tmp_path, {}, app(vars=variables(REPLICAS=3, PORT=8080)), cache=tmp_path / "cache")
    assert (again.digest, again.inputs) == (result.digest, result.inputs)
    other = render_files(tmp_path, {}, app(vars=variables(REPLICAS=4, PORT=8080)), cache=tmp_path / "cache")
    assert other.digest != result.digest


def rendered(folder: Path, process: dict[str, str], **options: Any) -> RenderResult:
    return render(app(**options), WorkTree(folder), vault=NoSecrets(), environment=process)


def test_the_process_environment_is_seen_only_where_it_is_listed(tmp_path: Path) -> None:
    render_files(tmp_path, {"app/a.yaml": DEPLOYMENT})
    known = variables(REPLICAS=1, PORT=1)
    here = {"TAG": "7", "PORT": "9"}
    assert "TAG" not in dict(rendered(tmp_path, here, vars=known).inputs.environment)
    result = rendered(tmp_path, here, vars=known, vars_from_env=("TAG", "PORT", "UNUSED"))
    assert result.inputs.environment == (("PORT", "9"), ("TAG", "7"))
    assert result.manifests[0].body["spec"]["template"]["spec"]["containers"][0]["image"] == "example.test/web:7"
    pinned = rendered(tmp_path, {"TAG": "8"}, vars=known, vars_from_env=("TAG", "PORT"), environment=result.inputs.environment)
    assert pinned.digest == result.digest


def test_a_listed_variable_that_is_not_set(tmp_path: Path) -> None:
    render_files(tmp_path, {"app/a.yaml": DEPLOYMENT})
    with raises(ErrorId.VARIABLE_UNKNOWN, match="the variable PORT is not set") as refused:
        rendered(tmp_path, {}, vars=variables(REPLICAS=1), vars_from_env=("PORT",))
    assert refused.value.hint == "`vars_from_env` lists it: export it, or write ${PORT:=default}"
    with raises(ErrorId.VARIABLE_VALUE, match="PORT is not UTF-8"):
        rendered(tmp_path, {"PORT": "\udcff"}, vars=variables(REPLICAS=1), vars_from_env=("PORT",))
