"""The AI service: trained models with versions, served over HTTP."""

import os

# Before NumPy is imported: more threads than cores, spinning, cost most of the throughput.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
