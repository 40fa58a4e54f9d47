"""The three ways this API writes a time, all of them UTC."""

import time
from email.utils import formatdate


def utc(moment_s: float) -> str:
    """`2019-12-28T02:43:10.000Z`: batches, tasks and packages; whole seconds are known only."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment_s))


def gmt_minutes(moment_s: float) -> str:
    """`2020-10-13T09:46Z`: modules, on the current page."""
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(moment_s))


def gmt_cookie(moment_s: float) -> str:
    """`Wed, 20-Feb-2019 02:16:09 GMT`: modules, on an older page."""
    weekday, day, month, year, clock, zone = formatdate(moment_s, usegmt=True).split()
    return f"{weekday} {day}-{month}-{year} {clock} {zone}"
