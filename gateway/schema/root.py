"""The schema, put together from its nouns."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.schema import enums  # noqa: F401 - describes the domain's enums for the schema
from gateway.schema.backend.queries import BackendQueries
from gateway.schema.backend.types import Backend
from gateway.schema.device.queries import DeviceQueries
from gateway.schema.device.types import Device
from gateway.schema.documents.policy import DocumentPolicy
from gateway.schema.documents.schema import DocumentSchema
from gateway.schema.documents.trusted import TrustedDocuments
from gateway.schema.errors import presenting_errors
from gateway.schema.firmware.mutations import FirmwareMutations
from gateway.schema.firmware.queries import FirmwareQueries
from gateway.schema.firmware.types import Firmware
from gateway.schema.job.mutations import JobMutations
from gateway.schema.job.queries import JobQueries
from gateway.schema.job.types import OtaJob
from gateway.schema.module.mutations import ModuleMutations
from gateway.schema.node_queries import NodeQueries
from gateway.schema.operation.queries import OperationQueries
from gateway.schema.operation.subscriptions import OperationSubscriptions
from gateway.schema.operation.types import Operation
from gateway.schema.ota_error import PROBLEM_TYPES
from gateway.schema.pricing.limit import price_limit
from gateway.schema.scalars import SCALARS
from gateway.schema.task.mutations import TaskMutations
from gateway.schema.task.queries import TaskQueries
from gateway.schema.task.types import Task
from gateway.schema.upstream import UpstreamAccount


@strawberry.type(description="Everything that can be read.")
class Query(
    NodeQueries,
    JobQueries,
    TaskQueries,
    DeviceQueries,
    FirmwareQueries,
    BackendQueries,
    OperationQueries,
):
    """The root of all reads; the fields stand with their nouns."""


@strawberry.type(
    description="Everything that can be written. Mutations of one document run one after another. "
    "Each is checked whole before anything is sent, and is sent at most once."
)
class Mutation(JobMutations, TaskMutations, FirmwareMutations, ModuleMutations):
    """The root of all writes; the fields stand with their nouns."""


@strawberry.type(
    description="Everything that can be followed: over WebSockets (graphql-transport-ws) and as "
    "server-sent events."
)
class Subscription(OperationSubscriptions):
    """The root of all subscriptions; the fields stand with their nouns."""


class GatewaySchema(DocumentSchema):
    """The schema of the gateway."""


def create_schema(
    *,
    max_upstream_calls: int = 300,
    documents: DocumentPolicy | None = None,
    trusted: TrustedDocuments | None = None,
) -> GatewaySchema:
    """The schema; the same whatever providers are installed.

    A document that could cost more than `max_upstream_calls` on a cold cache is refused, a
    `trusted` one as well. `documents` says what else is.

    Raises:
        TrustedDocumentsError: a trusted document is not valid.
    """
    policy = documents or DocumentPolicy()
    return GatewaySchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Backend, Device, Firmware, Operation, OtaJob, Task, *PROBLEM_TYPES],
        extensions=[
            presenting_errors(suggestions=policy.introspection),
            UpstreamAccount,
            price_limit(max_upstream_calls),
        ],
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
        documents=policy,
        trusted=trusted,
    )


def schema_text() -> str:
    """The schema in GraphQL's schema language, as committed in `schema.graphql`."""
    return create_schema().as_str().rstrip() + "\n"
