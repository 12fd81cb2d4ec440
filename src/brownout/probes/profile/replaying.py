"""One request of a Django project under cProfile: a script for the project's own interpreter.

    python replaying.py METHOD PATH PSTATS

It runs in the project's folder and environment and imports nothing of brownout's. Progress goes to
nobody; the last line of stdout is JSON: {status, bytes, seconds, functions}.
"""

import cProfile
import json
import os
import pstats
import sys
import time

TOP = 60


def main() -> None:
    method, path, file = sys.argv[1:4]
    sys.path[0] = os.getcwd()  # instead of this script's folder
    import django
    from django.conf import settings
    from django.test import Client

    django.setup()
    settings.ALLOWED_HOSTS = ["*"]
    secure = bool(getattr(settings, "SECURE_SSL_REDIRECT", False))
    client = Client(raise_request_exception=False)
    client.generic(method, path, secure=secure)  # the first one pays for what is loaded once
    profile = cProfile.Profile()
    began = time.perf_counter()
    response = profile.runcall(client.generic, method, path, secure=secure)
    size = sum(map(len, response)) if response.streaming else len(response.content)
    seconds = time.perf_counter() - began
    profile.dump_stats(file)
    told = {"status": response.status_code, "bytes": size, "seconds": seconds}
    print("\n" + json.dumps(told | {"functions": functions(profile)}))


def functions(profile: cProfile.Profile) -> list[list[object]]:
    """[[name, file, line, calls, own s, total s, callers]], most own time first.

    callers: [[name, file, line, calls]], those in whose calls most time passed.
    """
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    rows = []
    for (file, line, name), (_, calls, own, total, callers) in stats.items():
        top = sorted(callers.items(), key=lambda item: -item[1][3])[:2]
        told = [[who, where, at, of[1]] for (where, at, who), of in top]
        rows.append([name, file, line, calls, own, total, told])
    return sorted(rows, key=lambda row: -row[4])[:TOP]


if __name__ == "__main__":
    main()
