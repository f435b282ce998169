"""Constants of operators that deliver software or run jobs: Argo, Flux, Tekton, Flagger, Kargo, Spark."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.table import PHASE, Operator, Words

_SUSPEND = ((("spec", "suspend"), "true"),)
_STATIC = Operator(static=True)

# Flux (kstatus conventions). A dependency that is not ready is waited for; other refusals are failures that it retries.
_FLUX = Operator(
    paused=_SUSPEND,
    broken=("Stalled",),
    busy=("Reconciling",),
    ready=("Ready",),
    strict=True,
    patience=("DependencyNotReady", "Progressing", "SourceNotReady", "ArtifactNotReady"),
)
_FLUX_REPOSITORY = Operator(
    paused=_SUSPEND,
    broken=("Stalled",),
    busy=("Reconciling",),
    ready=("Ready",),
    strict=True,
    static_when=((("spec", "type"), "oci"),),
)

_RUN = Operator(paused=((("spec", "status"), "PipelineRunPending"),), ready=("Succeeded",), strict=True)
_WORKFLOW = (Words(PHASE, ("Succeeded",), ("Failed", "Error"), ("Paused",)),)
_ANALYSIS = (Words(PHASE, ("Successful",), ("Failed", "Error", "Inconclusive")),)

_KARGO = Operator(if_set=("Ready",), strict=True, patience=("Reconciling",), static=True)

DELIVERY: Mapping[tuple[str, str], Operator] = {
    ("argoproj.io", "Application"): Operator(
        words=(Words(("status", "health", "status"), ("Healthy",), ("Degraded",), ("Suspended",)),), message=("status", "health", "message")
    ),
    ("argoproj.io", "ApplicationSet"): Operator(
        broken=("ErrorOccurred",), busy=("RolloutProgressing",), ready=("ResourcesUpToDate",), strict=True
    ),
    ("argoproj.io", "AppProject"): _STATIC,
    ("argoproj.io", "Workflow"): Operator(paused=_SUSPEND, words=_WORKFLOW, message=("status", "message")),
    ("argoproj.io", "CronWorkflow"): Operator(paused=_SUSPEND, broken=("SpecError", "SubmissionError"), static=True),
    ("argoproj.io", "WorkflowTemplate"): _STATIC,
    ("argoproj.io", "ClusterWorkflowTemplate"): _STATIC,
    ("argoproj.io", "AnalysisTemplate"): _STATIC,
    ("argoproj.io", "ClusterAnalysisTemplate"): _STATIC,
    ("argoproj.io", "AnalysisRun"): Operator(words=_ANALYSIS, message=("status", "message")),
    ("argoproj.io", "Experiment"): Operator(words=_ANALYSIS, message=("status", "message")),
    ("argoproj.io", "EventBus"): Operator(ready=("Configured", "Deployed"), strict=True),
    ("argoproj.io", "EventSource"): Operator(ready=("SourcesProvided", "Deployed"), strict=True),
    ("argoproj.io", "Sensor"): Operator(ready=("DependenciesProvided", "TriggersProvided", "Deployed"), strict=True),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): _FLUX,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _FLUX,
    ("source.toolkit.fluxcd.io", "HelmRepository"): _FLUX_REPOSITORY,
    ("source.toolkit.fluxcd.io", "*"): _FLUX,
    ("image.toolkit.fluxcd.io", "*"): _FLUX,
    ("notification.toolkit.fluxcd.io", "Receiver"): _FLUX,
    ("notification.toolkit.fluxcd.io", "*"): Operator(paused=_SUSPEND, if_set=("Ready",), strict=True, static=True),
    ("tekton.dev", "PipelineRun"): _RUN,
    ("tekton.dev", "TaskRun"): _RUN,
    ("tekton.dev", "CustomRun"): _RUN,
    ("tekton.dev", "*"): _STATIC,
    ("operator.tekton.dev", "*"): Operator(ready=("Ready",), strict=True),
    ("flagger.app", "Canary"): Operator(
        paused=_SUSPEND, words=(Words(PHASE, ("Initialized", "Succeeded"), ("Failed",), ("Waiting", "WaitingPromotion")),)
    ),
    ("kargo.akuity.io", "Stage"): _KARGO,
    ("kargo.akuity.io", "Warehouse"): _KARGO,
    ("kargo.akuity.io", "Promotion"): Operator(
        words=(Words(PHASE, ("Succeeded",), ("Failed", "Errored", "Aborted")),), message=("status", "message")
    ),
    ("sparkoperator.k8s.io", "SparkApplication"): Operator(
        words=(
            Words(
                ("status", "applicationState", "state"),
                ("COMPLETED", "RUNNING"),
                ("FAILED", "SUBMISSION_FAILED", "FAILING", "INVALIDATING"),
                ("SUSPENDED",),
            ),
        ),
        message=("status", "applicationState", "errorMessage"),
    ),
    ("flink.apache.org", "FlinkDeployment"): Operator(
        words=(Words(("status", "lifecycleState"), ("STABLE",), ("FAILED", "ROLLED_BACK"), ("SUSPENDED",)),), message=("status", "error")
    ),
    ("ray.io", "RayCluster"): Operator(
        paused=_SUSPEND, words=(Words(("status", "state"), ("ready",), ("failed",), ("suspended",)),), message=("status", "reason")
    ),
    ("kafka.strimzi.io", "KafkaRebalance"): Operator(broken=("NotReady",), either=("Ready", "ProposalReady", "Stopped")),
}
