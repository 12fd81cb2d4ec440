"""Where Django starts the meter."""

from django.apps import AppConfig


class Meter(AppConfig):
    name = "brownout.meter"
    label = "brownout_meter"

    def ready(self) -> None:
        from brownout.meter import adapters
        from brownout.meter.event import work

        if work.MODE != "off":
            adapters.watch()
