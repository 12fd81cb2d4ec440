"""Commands: one file each, found by folder.

A module here is a command and has a function of its own name, whose docstring is its help;
``SECTION``, the heading under which `brownout --help` lists it; ``EXAMPLE``, a command line or
several; and, where need be, ``SETTINGS`` for typer. One that is a group of commands has ``group()``
instead of these two.
"""
