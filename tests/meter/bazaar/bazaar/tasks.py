"""What is done later: by Django's own tasks, or their backport for older versions."""

try:
    from django.tasks import task
except ImportError:
    from django_tasks import task

from bazaar.models import Stall


@task(queue_name="post")
def parcel(how):
    stalls = Stall.objects.count()
    if how:
        raise {"fails": KeyError, "exits": SystemExit, "interrupted": KeyboardInterrupt}[how](how)
    return stalls


@task(queue_name="post")
async def later(how):
    return await Stall.objects.acount()
