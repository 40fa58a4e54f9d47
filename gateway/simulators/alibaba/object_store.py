"""The object store beside the API: grants of uploads, and what was uploaded under them.

A grant is a form's worth of fields that lets anybody put one object in one place for a minute;
the object can be used for an hour. Sources: the vendor's pages on GenerateOTAUploadURL and on
PostObject of its object store.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from gateway.simulators.alibaba.draw import token_of

GRANT_S: Final = 60
OBJECT_S: Final = 3_600
LARGEST_PACKAGE_BYTES: Final = 1_000 * 2**20
LARGEST_LIST_BYTES: Final = 5 * 2**20


class ObjectStoreError(Exception):
    """A refusal of the store, by its own codes, as an XML document with this status."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        """Keep what the answer will carry."""
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to put one object: the fields of the form, and where it goes."""

    key: str
    host: str
    access_key_id: str
    policy: str
    signature: str

    @property
    def url(self) -> str:
        """Where the object is, once it was put."""
        return f"{self.host}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What was put: its size, lower-case hex MD5, and, only of lists of names, its text."""

    size_bytes: int
    md5: str
    text: str | None
    stored_s: float


class ObjectStore:
    """One bucket; packages are kept as figures only, lists of device names as their text."""

    def __init__(self, *, region: str, seed: int) -> None:
        """An empty bucket, known by the vendor's host name until it is told another address."""
        self.host = f"https://iotx-ota.oss-{region}.aliyuncs.com"
        self._seed = seed
        self._access_key_id = f"LTAI5t{token_of(seed, 'store')[:18]}"
        self._secret = secrets.token_urlsafe(24)
        self._granted = 0
        self._objects: dict[str, StoredObject] = {}
        self._listing_keys: set[str] = set()

    def grant_package(self, suffix: str, now_s: float) -> Grant:
        """Leave to put a package; `suffix` has no dot in front."""
        return self._grant("ota", suffix, LARGEST_PACKAGE_BYTES, now_s)

    def grant_list(self, now_s: float) -> Grant:
        """Leave to put a list of device names."""
        grant = self._grant("device-name-list", "csv", LARGEST_LIST_BYTES, now_s)
        self._listing_keys.add(grant.key)
        return grant

    def put(self, fields: Mapping[str, str], content: bytes, now_s: float) -> StoredObject:
        """Put an object under a grant; `fields` are those of the form, in lower case.

        Raises:
            ObjectStoreError: the fields are no grant of this store, or not for this object or
                moment.
        """
        for name in ("key", "ossaccesskeyid", "policy", "signature"):
            if not fields.get(name):
                message = f"The form has no field {name}."
                raise ObjectStoreError(HTTPStatus.BAD_REQUEST, "InvalidArgument", message)
        if fields["ossaccesskeyid"] != self._access_key_id:
            message = "The OSS Access Key Id you provided does not exist in our records."
            raise ObjectStoreError(HTTPStatus.FORBIDDEN, "InvalidAccessKeyId", message)
        if not hmac.compare_digest(
            self._sign(fields["policy"]).encode(), fields["signature"].encode()
        ):
            message = "The signature does not match the one that was calculated."
            raise ObjectStoreError(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch", message)
        self._keep_policy(fields, len(content), now_s)
        key = fields["key"]
        text = content.decode("utf-8-sig", "replace") if key in self._listing_keys else None
        stored = StoredObject(
            size_bytes=len(content),
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            text=text,
            stored_s=now_s,
        )
        self._objects[key] = stored
        return stored

    def find(self, url: str, now_s: float) -> StoredObject | None:
        """The object of a grant's URL, None if nothing was put there within the last hour."""
        key = url.removeprefix(f"{self.host}/")
        stored = self._objects.get(key) if key != url else None
        if stored is None or now_s - stored.stored_s > OBJECT_S:
            return None
        return stored

    def _grant(self, folder: str, suffix: str, largest_bytes: int, now_s: float) -> Grant:
        self._granted += 1
        token = token_of(self._seed, "object", self._granted)
        place = hashlib.sha256(token.encode()).hexdigest()[:32]
        key = f"{folder}/{place}/{token}.{suffix}"
        policy = {
            "expiration": _stamp(now_s + GRANT_S),
            "conditions": [["eq", "$key", key], ["content-length-range", 1, largest_bytes]],
        }
        encoded = base64.b64encode(json.dumps(policy).encode()).decode()
        return Grant(
            key=key,
            host=self.host,
            access_key_id=self._access_key_id,
            policy=encoded,
            signature=self._sign(encoded),
        )

    def _sign(self, policy: str) -> str:
        digest = hmac.new(self._secret.encode(), policy.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()

    def _keep_policy(self, fields: Mapping[str, str], size_bytes: int, now_s: float) -> None:
        policy = json.loads(base64.b64decode(fields["policy"]))
        (_, _, key), (_, least, largest) = policy["conditions"]
        denied = None
        if _stamp(now_s) > policy["expiration"]:
            denied = "Policy expired."
        elif fields["key"] != key:
            denied = "Policy Condition failed: key."
        if denied is not None:
            message = f"Invalid according to Policy: {denied}"
            raise ObjectStoreError(HTTPStatus.FORBIDDEN, "AccessDenied", message)
        if size_bytes < least:
            message = "Your proposed upload is smaller than the minimum allowed size."
            raise ObjectStoreError(HTTPStatus.BAD_REQUEST, "EntityTooSmall", message)
        if size_bytes > largest:
            message = "Your proposed upload exceeds the maximum allowed size."
            raise ObjectStoreError(HTTPStatus.BAD_REQUEST, "EntityTooLarge", message)


def _stamp(moment_s: float) -> str:
    """ISO 8601 with milliseconds, which sorts as the moments do."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment_s))
    return f"{whole}.{int(moment_s % 1 * 1000):03d}Z"
