"""The files that a new package is made of: one, or a list of several."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.simulators.alibaba import checks, errors
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.firmware import PackageFile
from gateway.simulators.alibaba.object_store import LARGEST_PACKAGE_BYTES, ObjectStore
from gateway.simulators.alibaba.parameters import Arguments

MOST_FILES = 20
_LONGEST_NAME = 32
_ONLY_SINGLE = ("FirmwareSize", "FirmwareSign")
_SIZES = range(1, LARGEST_PACKAGE_BYTES + 1)
_UNKNOWN_SIZE_BYTES = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFiles:
    """Reads a package's files; `require_upload` wants each in the store, as it was uploaded."""

    store: ObjectStore
    codes: InventedCodes
    require_upload: bool

    def read(self, arguments: Arguments, now_s: float) -> tuple[PackageFile, ...]:
        """The files, in the order in which they were given."""
        url = arguments.texts.get("FirmwareUrl")
        several = arguments.objects.get("MultiFiles")
        if (url is None) == (several is None):
            detail = "either FirmwareUrl or MultiFiles must be given."
            raise errors.illegal_request(detail)
        if url is not None:
            size, sign = arguments.integers.get("FirmwareSize"), arguments.texts.get("FirmwareSign")
            name = urlsplit(url).path.rpartition("/")[2] or "firmware.bin"
            return (self._file(name, url, size, {"FirmwareSign": sign}, now_s),)
        given = arguments.texts.keys() | arguments.integers.keys()
        if given & set(_ONLY_SINGLE):
            detail = "FirmwareSize and FirmwareSign are for packages of one file."
            raise errors.illegal_request(detail)
        parts = several or ()
        checks.check_count("MultiFiles", parts, MOST_FILES)
        names = [part.texts.get("Name", "") for part in parts]
        checks.check_unique("MultiFiles.Name", names)
        return tuple(self._part(part, now_s) for part in parts)

    def _part(self, part: Arguments, now_s: float) -> PackageFile:
        name, url = part.texts.get("Name"), part.texts.get("Url")
        if name is None or url is None:
            detail = "each of MultiFiles needs a Name and a Url."
            raise errors.illegal_request(detail)
        checks.check_length("MultiFiles.Name", name, _LONGEST_NAME)
        sums = {key: part.texts.get(key) for key in ("FileMd5", "SignValue")}
        return self._file(name, url, part.integers.get("Size"), sums, now_s)

    def _file(
        self, name: str, url: str, size: int | None, sums: dict[str, str | None], now_s: float
    ) -> PackageFile:
        if size is not None:
            checks.check_range("the size of a file", size, _SIZES)
        given = {key: value.lower() for key, value in sums.items() if value is not None}
        for key, value in given.items():
            checks.check_shape(key, value, checks.MD5)
        stored = self.store.find(url, now_s)
        if stored is not None:
            wrong = {stored.md5} != {stored.md5, *given.values()}
            if wrong or size not in {None, stored.size_bytes}:
                detail = "size or checksum is not that of the uploaded file."
                raise errors.illegal_request(detail)
            return PackageFile(name=name, size_bytes=stored.size_bytes, md5=stored.md5)
        if self.require_upload:
            message = "The specified file does not exist, or is older than an hour."
            raise BusinessError(self.codes.file_not_found, message)
        invented = hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
        return PackageFile(
            name=name,
            size_bytes=size or _UNKNOWN_SIZE_BYTES,
            md5=next(iter(given.values()), invented),
        )
