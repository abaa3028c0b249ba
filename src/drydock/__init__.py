"""Drydock: a web app with PostgreSQL on AWS, rehearsed first in a local region.

Here belong the packages and what all of them share (errors, settings, paths); no behaviour.
"""

__version__ = "0.1.0"
