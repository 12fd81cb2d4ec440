"""The project's settings with the meter added: no line of the application changes."""

import importlib
import os

_project = importlib.import_module(os.environ["BROWNOUT_DJANGO_SETTINGS"])
globals().update({name: getattr(_project, name) for name in dir(_project) if name.isupper()})

if os.environ.get("BROWNOUT_METER") != "off":
    INSTALLED_APPS = [*getattr(_project, "INSTALLED_APPS", ()), "brownout.meter.apps.Meter"]
    MIDDLEWARE = ["brownout.meter.middleware.Meter", *getattr(_project, "MIDDLEWARE", ())]
