#!/usr/bin/env bash
# OpenTelemetry SDK 1.45.2 (Python), BatchSpanProcessor; CPython 3.11 on Linux.
#
# A batch processor starts its thread again in every forked child, by os.register_at_fork, for as long
# as the object lives: after shutdown(), too, when the thread ends at once. subprocess runs these hooks
# before a preexec_fn, so the child that is about to become another program has two threads, and what
# the kernel allows to single-threaded processes alone fails there: unshare(CLONE_NEWUSER) is EINVAL,
# always while the processor works, and after its shutdown in a race (3 of 5 tries on a busy machine, 0
# of 150 on a quiet one). Without the SDK, or with the processor collected, the same call succeeds.
#
# Seen, of 50 tries each:
#   before: 0 failed
#   at work: 50 failed
#   shut down: 0 failed
#   collected: 0 failed
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-sdk==1.45.2
cat > "$folder/finding.py" <<'PYTHON'
import ctypes
import errno
import gc
import subprocess
import sys

CLONE_NEWUSER = 0x10000000
unshare = ctypes.CDLL(None, use_errno=True).unshare


def enter():
    if unshare(CLONE_NEWUSER) != 0 and ctypes.get_errno() == errno.EINVAL:
        raise OSError


def failed():
    count = 0
    for _ in range(50):
        try:
            subprocess.run(["/bin/true"], preexec_fn=enter, check=False)
        except subprocess.SubprocessError:
            count += 1
    return count


from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

seen = {"before": failed()}
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(BatchSpanProcessor(InMemorySpanExporter()))
seen["at work"] = failed()
provider.shutdown()
seen["shut down"] = failed()
del provider
gc.collect()
seen["collected"] = failed()
for when, count in seen.items():
    print(f"{when}: {count} failed")
sys.exit(not (seen["before"] == seen["collected"] == 0 and seen["at work"] == 50))
PYTHON
"$folder/venv/bin/python" "$folder/finding.py"
