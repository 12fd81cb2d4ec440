"""How passwords are hashed."""

from django.contrib.auth.hashers import ScryptPasswordHasher


class Scrypt(ScryptPasswordHasher):
    """About 50 ms of one core: five times that, Django's default, is dear at a checkout."""

    parallelism = 1
