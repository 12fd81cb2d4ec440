"""Counts the wares of each stall; ``--fail`` gives up then."""

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.test import Client

from bazaar.models import Stall


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--fail", action="store_true")

    def handle(self, *args, **options):
        for stall in Stall.objects.order_by("id"):
            self.stdout.write(f"{stall.name}: {stall.wares.count()}")
        call_command("check", verbosity=0)
        Client().get("/stalls/")
        if options["fail"]:
            raise CommandError("there is too little")
