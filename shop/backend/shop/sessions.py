"""Sessions: kept in the database, read from the cache."""

import re
from typing import Any

from django.contrib.sessions.backends.cached_db import SessionStore as CachedSession

KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(CachedSession):
    """Django's, but for cookies that cannot be ours: nobody looks for those.

    A forged one can hold a NUL, which the database would refuse with an error.
    """

    def _validate_session_key(self, key: Any) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None
