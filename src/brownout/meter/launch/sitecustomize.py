"""What Python runs first when this folder is on PYTHONPATH: it puts the meter in.

`brownout run` puts this folder there. It may be any interpreter, of any environment: of brownout
nothing but the meter is imported, which needs the standard library alone; nothing of Django is
imported before the application does. A sitecustomize of the user's own runs as ever, after this.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

OLDEST = (3, 10)
HERE = os.path.dirname(os.path.abspath(__file__))


def load(spec: Any) -> None:
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)


def put_in() -> None:
    if sys.version_info < OLDEST:
        sys.stderr.write(
            "brownout: the meter needs Python 3.10 or later; "
            f"{sys.executable} is {sys.version.split()[0]}, so it is not metered\n"
        )
        return
    package = os.path.dirname(os.path.dirname(HERE))
    if "brownout" not in sys.modules:
        init = os.path.join(package, "__init__.py")
        load(spec_from_file_location("brownout", init, submodule_search_locations=[package]))
    from brownout.meter import adapters, handlers
    from brownout.meter.event.imports import when_imported

    when_imported("django.core.handlers.base", handlers.install)
    when_imported("celery.signals", handlers.install_worker)
    adapters.watch()


# Children find this folder through PYTHONPATH; nobody else looks for modules in it.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != HERE]
put_in()
theirs = PathFinder.find_spec("sitecustomize")
if theirs is not None and theirs.loader is not None:
    load(theirs)
