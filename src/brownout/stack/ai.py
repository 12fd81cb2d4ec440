"""The AI service: the shop's own, run from a release."""

from __future__ import annotations

import sys
from pathlib import Path

from brownout.stack.environment import ONE_THREAD, Wiring, plain
from brownout.stack.supervisor import Command


def command(wiring: Wiring, release: Path, tag: str, models: Path, port: int) -> Command:
    """Serve ``models`` with the code in ``release``; /healthz answers when it is ready.

    The active versions are remembered in the run's folder: they survive a restart.
    """
    settings = {
        "AI_MODELS": str(models),
        "AI_STATE": str(wiring.run / "ai-state.json"),
        "RELEASE": tag,
    }
    return Command(
        name=f"ai-{tag}",
        service="ai",
        argv=[sys.executable, "-m", "ai.serve", "--port", str(port)],
        env=plain(wiring.run_id, wiring.run) | ONE_THREAD | settings,
        cwd=release,
        log=wiring.run / "logs" / "ai.log",
        release=tag,
        grace=2.0,
    )
