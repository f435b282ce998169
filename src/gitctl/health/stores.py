"""Constants of operators that run databases, queues, search, storage and backups."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.table import PHASE, Operator, Words

_STATE = ("status", "state")
_HEALTH = ("status", "health")
_STATIC = Operator(static=True)
_READY = Operator(ready=("Ready",), strict=True)

_STRIMZI = Operator(
    paused=((("metadata", "annotations", "strimzi.io/pause-reconciliation"), "true"),),
    paused_when=("ReconciliationPaused",),
    broken=("NotReady",),
    ready=("Ready",),
    patience=("Creating", "Pending"),
)
_STRIMZI_KINDS = (
    "Kafka",
    "KafkaTopic",
    "KafkaUser",
    "KafkaConnect",
    "KafkaConnector",
    "KafkaMirrorMaker2",
    "KafkaBridge",
)

# Elastic: one unassigned replica is "yellow", which also every single-node cluster stays; it is a wait, not a failure.
_ELASTIC = Operator(words=(Words(_HEALTH, ("green",), ("red",)),))

_PERCONA = Operator(words=(Words(_STATE, ("ready",), ("error",), ("paused",)),), message=("status", "message"))
_MONGODB = Operator(words=(Words(PHASE, ("Running",), ("Failed",), ("Disabled",)),), message=("status", "message"))
_RABBIT = Operator(ready=("Ready",), fatal=("FailedCreateOrUpdate",))

_BACKUP_FAILED = (
    "Failed",
    "PartiallyFailed",
    "FailedValidation",
    "FinalizingPartiallyFailed",
    "WaitingForPluginOperationsPartiallyFailed",
)
_BACKUP = Operator(words=(Words(PHASE, ("Completed",), _BACKUP_FAILED),), message=("status", "failureReason"))
_LOCATION = (Words(PHASE, ("Available",), ("Unavailable",)),)

_POSTGRES = {
    ("acid.zalan.do", "postgresql"): Operator(
        words=(
            Words(
                ("status", "PostgresClusterStatus"),
                ("Running",),
                ("CreateFailed", "UpdateFailed", "SyncFailed", "Invalid"),
            ),
        )
    ),
    ("postgresql.cnpg.io", "Cluster"): Operator(
        paused=((("metadata", "annotations", "cnpg.io/reconciliation"), "disabled"),),
        paused_when=("cnpg.io/hibernation",),
        words=(
            Words(
                PHASE,
                ("Cluster in healthy state",),
                (
                    "Cluster is unrecoverable and needs manual intervention",
                    "Unable to create required cluster objects",
                    "Cluster has incomplete or invalid image catalog",
                    "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
                    "Cluster cannot execute instance online upgrade due to missing architecture binary",
                    "Not enough disk space",
                ),
                ("Waiting for user action",),
            ),
        ),
        message=("status", "phaseReason"),
        if_set=("Ready",),
    ),
    ("postgresql.cnpg.io", "Backup"): Operator(
        words=(Words(PHASE, ("completed",), ("failed", "walArchivingFailing")),), message=("status", "error")
    ),
    ("postgresql.cnpg.io", "ScheduledBackup"): Operator(paused=((("spec", "suspend"), "true"),), static=True),
    ("postgresql.cnpg.io", "Database"): Operator(
        words=(Words(("status", "applied"), ("true",), ("false",)),), message=("status", "message")
    ),
    ("postgresql.cnpg.io", "*"): _STATIC,
    ("pgv2.percona.com", "PerconaPGCluster"): _PERCONA,
}

STORES: Mapping[tuple[str, str], Operator] = {
    **_POSTGRES,
    **{("kafka.strimzi.io", kind): _STRIMZI for kind in _STRIMZI_KINDS},
    ("kafka.strimzi.io", "*"): _STATIC,
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): Operator(
        words=(Words(PHASE, ("Ready",), ("Invalid",)), Words(_HEALTH, ("green",), ("red",)))
    ),
    ("kibana.k8s.elastic.co", "Kibana"): _ELASTIC,
    ("apm.k8s.elastic.co", "ApmServer"): _ELASTIC,
    ("beat.k8s.elastic.co", "Beat"): _ELASTIC,
    ("agent.k8s.elastic.co", "Agent"): _ELASTIC,
    ("logstash.k8s.elastic.co", "Logstash"): _ELASTIC,
    ("rabbitmq.com", "RabbitmqCluster"): Operator(
        paused=((("metadata", "labels", "rabbitmq.com/pauseReconciliation"), "true"),),
        ready=("ReconcileSuccess", "ClusterAvailable", "AllReplicasReady"),
        final=("ReconcileSuccess",),
    ),
    ("rabbitmq.com", "*"): _RABBIT,
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity"): _MONGODB,
    ("mongodb.com", "MongoDB"): _MONGODB,
    ("mongodb.com", "MongoDBMultiCluster"): _MONGODB,
    ("mongodb.com", "MongoDBUser"): Operator(words=(Words(PHASE, ("Updated",), ("Failed",)),), message=("status", "message")),
    ("mongodb.com", "MongoDBOpsManager"): Operator(
        words=(Words(("status", "opsManager", "phase"), ("Running",), ("Failed",), ("Disabled",)),),
        message=("status", "opsManager", "message"),
    ),
    ("psmdb.percona.com", "PerconaServerMongoDB"): _PERCONA,
    ("pxc.percona.com", "PerconaXtraDBCluster"): _PERCONA,
    ("velero.io", "Backup"): _BACKUP,
    ("velero.io", "Restore"): _BACKUP,
    ("velero.io", "Schedule"): Operator(paused=((("spec", "paused"), "true"),), words=(Words(PHASE, ("Enabled",), ("FailedValidation",)),)),
    ("velero.io", "BackupStorageLocation"): Operator(words=_LOCATION, message=("status", "message")),
    ("velero.io", "VolumeSnapshotLocation"): Operator(words=(Words(PHASE, ("Available",), ("Unavailable",), optional=True),), static=True),
    ("velero.io", "BackupRepository"): Operator(words=(Words(PHASE, ("Ready",), ("NotReady",)),), message=("status", "message")),
    ("ceph.rook.io", "CephCluster"): Operator(
        words=(
            Words(PHASE, ("Ready", "Connected"), ("Failure",)),
            Words(("status", "ceph", "health"), ("HEALTH_OK", "HEALTH_WARN"), ("HEALTH_ERR",), optional=True),
        ),
        message=("status", "message"),
    ),
    ("ceph.rook.io", "*"): Operator(words=(Words(PHASE, ("Ready", "Connected"), ("Failure",), optional=True),), static=True),
    ("longhorn.io", "Volume"): Operator(
        words=(Words(("status", "robustness"), ("healthy",), ("faulted",), optional=True), Words(_STATE, ("attached", "detached")))
    ),
    ("minio.min.io", "Tenant"): Operator(
        words=(Words(("status", "currentState"), ("Initialized",)), Words(("status", "healthStatus"), ("green",), ("red",), optional=True))
    ),
    ("k8s.keycloak.org", "Keycloak"): Operator(broken=("HasErrors",), ready=("Ready",)),
    ("k8s.keycloak.org", "KeycloakRealmImport"): Operator(broken=("HasErrors",), ready=("Done",)),
    ("atlas.mongodb.com", "*"): _READY,
}
