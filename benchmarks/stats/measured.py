"""Real noise, measured here: small programs timed in blocks, each in several fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

PROGRAMS = {
    "sort": "sorted(data)",
    "json": "json.loads(json.dumps(data))",
    "dict": "{str(i): i for i in data}",
    "regex": "re.findall('[1-5]+', text)",
    "sum": "sum(i * i for i in data)",
    "text": "','.join(map(str, data)).encode()",
}

CHILD = """
import json, re, random, sys, time
random.seed(1)
data = [random.randrange(10**6) for _ in range(1000)]
text = ' '.join(map(str, data))
run = compile(sys.argv[1], 'program', 'eval')
blocks = []
for _ in range(int(sys.argv[2])):
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < 0.01:
        eval(run)
        calls += 1
    blocks.append((time.perf_counter() - start) / calls)
print(json.dumps(blocks))
"""


def measure(processes: int = 8, blocks: int = 40) -> dict[str, np.ndarray]:
    """Program -> seconds per call, (processes, blocks); about 20 s."""
    return {
        name: np.array([child(code, blocks) for _ in range(processes)])
        for name, code in PROGRAMS.items()
    }


def child(code: str, blocks: int) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, code, str(blocks)], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)
