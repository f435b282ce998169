# The image of gitctl: for CI jobs, and for the agent in a cluster (docs/agent.md).
#
#   docker build -t registry.example.com/gitctl:0.1.0 .
#
# Bases are pinned by tag. To pin the bytes too, give digests: --build-arg PYTHON_IMAGE=python:3.13-slim-bookworm@sha256:…
# Go checks every module against its checksum database, pip every file against the hashes of the lock files.
ARG GO_IMAGE=golang:1.26-bookworm
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${GO_IMAGE} AS tools
ARG HELM_VERSION=v4.3.1
ARG KUSTOMIZE_VERSION=v5.8.2
ARG SOPS_VERSION=v3.11.0
# One layer a tool: another version of one does not build the others anew.
ENV CGO_ENABLED=0 GOBIN=/out GOWORK=off
RUN go install -trimpath "-ldflags=-s -w -X helm.sh/helm/v4/internal/version.version=${HELM_VERSION}" "helm.sh/helm/v4/cmd/helm@${HELM_VERSION}"
# hadolint ignore=DL3059
RUN go install -trimpath "-ldflags=-s -w" "sigs.k8s.io/kustomize/kustomize/v5@${KUSTOMIZE_VERSION}"
# hadolint ignore=DL3059
RUN go install -trimpath "-ldflags=-s -w" "github.com/getsops/sops/v3/cmd/sops@${SOPS_VERSION}"

FROM ${PYTHON_IMAGE} AS package
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/gitctl && /opt/gitctl/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY completions completions
COPY man man
COPY src src
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheels && /opt/gitctl/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM ${PYTHON_IMAGE}
# ssh refuses to run for a user without a name. Debian keeps only the newest version of a package, so none is named.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 65532 gitctl \
 && useradd --uid 65532 --gid 65532 --no-log-init --create-home --shell /usr/sbin/nologin gitctl
COPY --from=tools /out/ /usr/local/bin/
COPY --from=package /opt/gitctl /opt/gitctl
ENV PATH=/opt/gitctl/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /project
ENTRYPOINT ["gitctl"]
CMD ["--help"]
