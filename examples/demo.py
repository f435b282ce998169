"""The demo: the whole GitOps loop, each command printed, each result asserted: first on a branch, which needs nothing but Git, while
the tools and the control plane are built; then on a real API server.

usage: demo.py [--clean]     run by `make demo` and `make demo-clean`, which put gitctl and its tools on PATH
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
WORK = STATE / "gitctl" / "demo"
BUILD = WORK / "build.log"
SANDBOX = "demo"
CONTEXT = "gitctl-demo"
GREEN, BOLD, DIM, RESET = ("\x1b[32m", "\x1b[1m", "\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "", "")


def main() -> int:
    """Run the demo, or clean up after it."""
    if sys.argv[1:] == ["--clean"]:
        return clean()
    started = time.monotonic()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    environment()
    # Whatever ends the demo ends the build too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = start_build()
    try:
        branch(started)
        finish(build)
    finally:
        build.terminate()
    for chapter in (cluster, bootstrap, look_and_sync, hand_edit, bad_release, secret_edit):
        chapter()
    print(f"\n{GREEN}The demo passed in {time.monotonic() - started:.0f} s.{RESET} The cluster is still up. Try next:")
    print(f"  export KUBECONFIG={os.environ['KUBECONFIG']} SOPS_AGE_KEY_FILE={os.environ['SOPS_AGE_KEY_FILE']}")
    print(f"  cd {WORK / 'shop'} && gitctl status -e dev")
    print("`make demo-clean` removes all of it.")
    return 0


def environment() -> None:
    """A Git identity and a key of the demo's own, whoever runs it."""
    for who in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{who}_NAME"] = "Dana Demo"
        os.environ[f"GIT_{who}_EMAIL"] = "dana@shop.example"
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    os.environ["SOPS_AGE_KEY_FILE"] = str(WORK / "age.key")


def start_build() -> subprocess.Popen[bytes]:
    """`make tools sandbox` in the background; what it says goes to a file. Quick when all is built."""
    argv = ("nice", "-n", "10", "make", "--no-print-directory", "-C", str(ROOT), "tools", "sandbox")
    with BUILD.open("wb") as log:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def finish(build: subprocess.Popen[bytes]) -> None:
    """Wait for the build, showing what it says, and put the tools on PATH."""
    say("Helm, Kustomize, sops, kubectl and a control plane: built once, then kept in your cache")
    with BUILD.open() as log:
        while True:
            ended = build.poll() is not None
            for row in log:
                print(f"{DIM}  {row.rstrip()}{RESET}", flush=True)
            if ended:
                break
            time.sleep(0.5)
    expect(build.returncode == 0, "everything is built")
    tools = out(sys.executable, str(ROOT / "tools" / "install.py"), "--path").strip()
    os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"


def branch(started: float) -> None:
    """Rendered manifests in a branch."""
    say("A branch as the target: rendered manifests, one commit a sync. No cluster, no key, Git alone")
    shutil.copytree(HERE / "site", WORK / "site")
    os.chdir(WORK / "site")
    out("git", "init", "-q", "-b", "main")
    commit("the site")
    told = run("gitctl", "sync", "-e", "dev")
    expect("3 created" in told, f"the first result, {time.monotonic() - started:.1f} s after the start of the demo")
    run("git", "show", "--stat", "--format=%B", "rendered/dev")
    sealed = out("git", "show", "rendered/dev:site/site/secret_database.yaml")
    expect(sealed == Path("apps/site/secret.yaml").read_text(), "the Secret is committed as it is: encrypted")
    out("git", "worktree", "add", "-q", "../hand", "rendered/dev")
    run("sed", "-i.bak", "s/replicas: 2/replicas: 9/", "../hand/site/site/deployment.apps_site.yaml")
    out("git", "-C", "../hand", "commit", "-q", "-a", "-m", "more pods, quickly", "--author", "Eve <eve@shop.example>")
    out("git", "worktree", "remove", "--force", "../hand")
    told = run("gitctl", "drift-check", "-e", "dev", code=1)
    expect("Eve <eve@shop.example>" in told and "more pods, quickly" in told, "drift-check names the commit to blame")
    run("gitctl", "drift-check", "-e", "dev", "--fix")
    file = Path("apps/site/site.yaml")
    file.write_text(file.read_text().replace("color: blue", "color: red"))
    commit("paint it red")
    run("gitctl", "sync", "-e", "dev", "-q")
    run("gitctl", "rollback", "site", "-e", "dev", "-q")
    expect("color: blue" in out("git", "show", "rendered/dev:site/site/configmap_site.yaml"), "a rollback is a commit in both branches")
    run("gitctl", "history", "site", "-e", "dev")
    os.chdir(WORK)


def cluster() -> None:
    """A real control plane, without Docker."""
    say("A real API server, scheduler and controller manager; pods are simulated")
    run("gitctl", "sandbox", "up", "--name", SANDBOX)
    os.environ["KUBECONFIG"] = run("gitctl", "sandbox", "kubeconfig", "--name", SANDBOX).strip()
    for namespace in out("kubectl", "get", "namespaces", "-o", "name").split():
        if namespace.startswith(("namespace/shop-", "namespace/web-", "namespace/gitctl-system")):
            out("kubectl", "delete", namespace, "--wait=true")


def bootstrap() -> None:
    """From an empty folder to a running app."""
    say("Bootstrap: an empty folder becomes a repository, and its first app runs")
    folder = WORK / "hello"
    told = run("gitctl", "bootstrap", str(folder), "--name", "hello", "--env", "dev", "--context", CONTEXT, "--yes")
    expect("committed" in told, "the scaffold is committed")
    expect(ready("web-dev", "web") == "1", "its app runs")
    again = run("gitctl", "bootstrap", str(folder), "--name", "hello", "--env", "dev", "--context", CONTEXT, "--yes")
    expect("nothing to commit" in again, "a second run changes nothing")


def look_and_sync() -> None:
    """Three apps: Helm, Kustomize with an encrypted Secret, plain manifests."""
    say("The shop: a Helm chart, Kustomize with an encrypted Secret, plain manifests")
    shutil.copytree(HERE / "shop", WORK / "shop", ignore=shutil.ignore_patterns("demo-key.txt"))
    key = (HERE / "shop" / "demo-key.txt").read_text()
    with open(os.environ["SOPS_AGE_KEY_FILE"], "a") as file:
        file.write(key)
    os.chdir(WORK / "shop")
    out("git", "init", "-q", "-b", "main")
    commit("the shop")
    run("gitctl", "diff", "-e", "dev", "--summary", code=1)
    run("gitctl", "sync", "-e", "dev")
    expect(ready("shop-dev", "storefront") == "1", "dev is healthy")
    run("gitctl", "sync", "-e", "prod", "--yes", "-q")
    run("gitctl", "diff", "-e", "prod", "--summary")
    password = out("kubectl", "-n", "shop-dev", "get", "secret", "-o", "name").split("/")[1].split()[0]
    expect(bool(password), "the Secret is there")
    diff = run("gitctl", "render", "storefront", "-e", "dev", show=False)
    expect("dev-only" not in diff and "ZGV2LW9ubHk" not in diff, "and its value is never printed")


def hand_edit() -> None:
    """Somebody edits production by hand."""
    say("Somebody edits production by hand")
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"nginx:latest"}]}}}}'
    run("kubectl", "-n", "shop-prod", "patch", "deployment", "storefront", "--field-manager=kubectl-edit", "-p", patch)
    told = run("gitctl", "drift-check", "-e", "prod", code=1)
    expect("kubectl-edit" in told and "nginx:latest" in told, "drift-check names the field and who changed it")
    run("gitctl", "drift-check", "-e", "prod", "--fix", "--yes")
    image = out("kubectl", "-n", "shop-prod", "get", "deployment", "storefront", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
    expect("nginx-unprivileged" in image, "--fix puts it back")
    run("gitctl", "drift-check", "-e", "prod")


def bad_release() -> None:
    """A release that never gets healthy, and the way back."""
    say("A bad release: its pods never get ready")
    base = Path("apps/storefront/base/deployment.yaml")
    text = base.read_text().replace("nginx-unprivileged:1.29", "nginx-unprivileged:2.0-broken")
    base.write_text(text.replace("      labels: {app.kubernetes.io/name: storefront}\n    spec:", BROKEN))
    commit("storefront: upgrade nginx")
    run("gitctl", "sync", "storefront", "-e", "dev", "--timeout", "40s", code=9)
    run("gitctl", "rollback", "storefront", "-e", "dev", "--yes")
    expect("gitctl-rollback-to" in out("git", "log", "-1", "--format=%B"), "the rollback is a commit")
    expect(ready("shop-dev", "storefront") == "1", "and dev is healthy again")
    told = run("gitctl", "history", "storefront", "-e", "dev")
    expect("unhealthy" in told and "rollback" in told, "history tells the story")


BROKEN = """      labels: {app.kubernetes.io/name: storefront}
      annotations: {gitctl.dev/simulate: never-ready}
    spec:"""


def secret_edit() -> None:
    """A secret is changed; its value stays out of sight."""
    say("A secret is changed in Git")
    file = "apps/storefront/overlays/dev/secret.yaml"
    editor = WORK / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/DATABASE_USER: .*/DATABASE_USER: shop-two/" "$1"\n')
    editor.chmod(0o700)
    run("gitctl", "secret", "edit", file, env={"EDITOR": str(editor), "SOPS_EDITOR": str(editor)})
    commit("storefront: another database user")
    told = run("gitctl", "diff", "storefront", "-e", "dev", code=1)
    expect("shop-two" not in told, "the diff shows that it changed, not what it is")
    run("gitctl", "sync", "storefront", "-e", "dev")
    run("gitctl", "status", "-e", "dev")


def say(text: str) -> None:
    """A chapter's title."""
    print(f"\n{BOLD}── {text}{RESET}", flush=True)


def run(*argv: str, code: int = 0, show: bool = True, env: dict[str, str] | None = None) -> str:
    """Run a command, print it and what it prints, and stop the demo when its exit code is another one."""
    if show:
        print(f"{BOLD}$ {' '.join(quoted(a) for a in argv)}{RESET}", flush=True)
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | (env or {}), check=False)
    if show:
        print("".join(f"{DIM}  {row}{RESET}\n" for row in done.stdout.splitlines()), end="", flush=True)
    if done.returncode != code:
        print(done.stdout)
        raise SystemExit(f"demo: exit code {done.returncode}, {code} was expected")
    return done.stdout


def out(*argv: str) -> str:
    """The output of a command that is not part of the story."""
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


def quoted(word: str) -> str:
    """The word as a shell would need it."""
    return f"'{word}'" if set(word) & set(' {}"*') else word


def commit(message: str) -> None:
    """Commit everything."""
    out("git", "add", "-A")
    out("git", "commit", "-q", "-m", message)


def ready(namespace: str, deployment: str) -> str:
    """Ready replicas of a Deployment."""
    return out("kubectl", "-n", namespace, "get", "deployment", deployment, "-o", "jsonpath={.status.readyReplicas}")


def expect(holds: bool, what: str) -> None:
    """Stop the demo when something does not hold."""
    if not holds:
        raise SystemExit(f"demo: does not hold: {what}")
    print(f"{GREEN}✓ {what}{RESET}", flush=True)


def clean() -> int:
    """Stop the demo's cluster and remove what the demo wrote."""
    run("gitctl", "sandbox", "down", "--name", SANDBOX, "--purge")
    shutil.rmtree(WORK, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
