"""The write operations of EnOS's connection service: a planned call in, a receipt out."""

from collections.abc import Mapping
from typing import cast

from gateway.domain.errors import ConflictError
from gateway.domain.write import PlannedCall, Receipt
from gateway.providers.enos.envelope import Envelope
from gateway.providers.enos.listing import read_made
from gateway.providers.enos.operations import ALREADY, MADE
from gateway.providers.enos.payload import Payload, form_payload, json_payload
from gateway.providers.enos.session import EnosSession


class EnosWriteClient:
    """Sends calls as `write_plan` made them."""

    def __init__(self, session: EnosSession) -> None:
        """Call through `session`."""
        self._session = session

    async def send(self, call: PlannedCall) -> Receipt:
        """Send `call` once.

        Raises:
            ConflictError: the state of the object forbids it.
            GatewayError: what else EnOS answered, or that it did not.
        """
        made = MADE.get(call.operation)

        def read(envelope: Envelope) -> Receipt:
            native_id = None if made is None else read_made(envelope, made)
            return Receipt(native_id=native_id, request_id=envelope.request_id)

        query = cast("Mapping[str, str]", call.parameters["query"])
        try:
            return await self._session.write(call.operation, query, _payload(call), read)
        except ConflictError as error:
            already = ALREADY.get(call.operation)
            if already is not None and error.vendor_code == already:
                return Receipt(request_id=error.request_id, already=True)
            error.operation = call.operation
            raise


def _payload(call: PlannedCall) -> Payload | None:
    parameters = cast("Mapping[str, Mapping[str, object]]", call.parameters)
    if call.content is not None:
        return form_payload(
            metadata=parameters["metadata"],
            file_name=str(parameters["file"]["name"]),
            content=call.content,
        )
    body = parameters.get("body")
    return None if body is None else json_payload(body)
