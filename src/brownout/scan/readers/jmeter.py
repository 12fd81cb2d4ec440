"""JMeter's results as a table (``jmeter -l results.jtl``): a line a sample."""

from __future__ import annotations

from brownout.scan.readers import Head, Rows


def recognises(head: Head) -> bool:
    return {"timeStamp", "elapsed", "label"} <= {*head.columns}


# ``Latency`` is the time to the first byte, ``Connect`` that of the connection: parts of elapsed.
READER = Rows("JMeter (CSV)", recognises, ("label",), "timeStamp", "elapsed")
