"""What a request may take and what it took: its deadline, and `extensions.upstream`."""

from collections.abc import Iterator
from typing import Any

from strawberry.extensions import SchemaExtension

from gateway.domain.call import calling
from gateway.schema.context import GatewayContext


class UpstreamAccount(SchemaExtension):
    """Runs a request in its call context and writes the bill into the answer."""

    def on_operation(self) -> Iterator[None]:
        """Make the request's call context current for everything it does."""
        context: GatewayContext = self.execution_context.context
        with calling(context.call):
            yield

    def get_results(self) -> dict[str, Any]:
        """`extensions.upstream`: calls sent, reads saved, milliseconds waited for the budget."""
        bill = self.execution_context.context.call.bill
        return {
            "upstream": {
                "calls": bill.calls,
                "saved": bill.saved,
                "waitedMs": round(bill.waited_s * 1000, 1),
            }
        }
