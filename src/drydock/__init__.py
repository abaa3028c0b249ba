"""Drydock: a web app with PostgreSQL on AWS, rehearsed first in a local region.

The packages, and what all of them share (errors, settings, paths), belong here; no behaviour does.
"""

__version__ = "0.1.0"
