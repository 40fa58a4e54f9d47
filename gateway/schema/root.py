"""The schema, put together from its nouns."""

from typing import Final

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from gateway.schema import enums  # noqa: F401 - describes the domain's enums for the schema
from gateway.schema.backend.queries import BackendQueries
from gateway.schema.backend.types import Backend
from gateway.schema.device.queries import DeviceQueries
from gateway.schema.device.types import Device
from gateway.schema.errors import PresentableErrors
from gateway.schema.firmware.mutations import FirmwareMutations
from gateway.schema.firmware.queries import FirmwareQueries
from gateway.schema.firmware.types import Firmware
from gateway.schema.job.mutations import JobMutations
from gateway.schema.job.queries import JobQueries
from gateway.schema.job.types import OtaJob
from gateway.schema.module.mutations import ModuleMutations
from gateway.schema.node_queries import NodeQueries
from gateway.schema.operation.queries import OperationQueries
from gateway.schema.operation.types import Operation
from gateway.schema.ota_error import PROBLEM_TYPES
from gateway.schema.pricing import price_limit
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


_VALIDATED_DOCUMENTS: Final = 256
"""Documents that need no second validation; a front end sends the same few over and over."""


class GatewaySchema(strawberry.Schema):
    """Strawberry's schema without its own error log, which prints queries with their literals."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here: faults are logged as incidents where they are masked."""


def create_schema(*, max_upstream_calls: int = 300) -> GatewaySchema:
    """The schema; the same whatever providers are installed.

    A document that could cost more than `max_upstream_calls` on a cold cache is refused.
    """
    return GatewaySchema(
        query=Query,
        mutation=Mutation,
        types=[Backend, Device, Firmware, Operation, OtaJob, Task, *PROBLEM_TYPES],
        extensions=[
            PresentableErrors,
            UpstreamAccount,
            lambda: ValidationCache(maxsize=_VALIDATED_DOCUMENTS),
            price_limit(max_upstream_calls),
        ],
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
    )


def schema_text() -> str:
    """The schema in GraphQL's schema language, as committed in `schema.graphql`."""
    return create_schema().as_str().rstrip() + "\n"
