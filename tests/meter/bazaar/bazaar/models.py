from django.db import models


class Stall(models.Model):
    name = models.CharField(max_length=50)


class Ware(models.Model):
    stall = models.ForeignKey(Stall, models.CASCADE, related_name="wares")
    name = models.CharField(max_length=50)
    stock = models.IntegerField(default=10)
