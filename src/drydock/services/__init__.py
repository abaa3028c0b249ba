"""The AWS services that the local region runs, those it only keeps records of, and those it refuses.

One table (`table.py`) for the region's API, for `plan` and `doctor`, and for `docs/reference/services.md`.
It is data: it imports nothing of Drydock, so that `stack` and `region` can both read it.
"""
