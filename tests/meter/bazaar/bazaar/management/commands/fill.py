"""Makes the tables and three stalls with two wares each."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from bazaar.models import Stall, Ware


class Command(BaseCommand):
    def handle(self, *args, **options):
        call_command("migrate", run_syncdb=True, verbosity=0)
        if "archive" in settings.DATABASES:
            call_command("migrate", database="archive", run_syncdb=True, verbosity=0)
        call_command("createcachetable", verbosity=0)
        stalls = Stall.objects.bulk_create(Stall(id=n, name=f"stall {n}") for n in (1, 2, 3))
        Ware.objects.bulk_create(
            Ware(id=2 * stall.id + n, stall_id=stall.id, name=f"ware {n}")
            for stall in stalls
            for n in (-1, 0)
        )
