"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP recommends for servers.

    Django's own take 100 MiB and 8 threads each: a few dozen sign-ins at once would
    fill the memory of the machine that also answers payments.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
