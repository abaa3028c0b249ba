"""Which AWS services the local region runs, which it only keeps, and which it refuses.

One table (`table.py`) for the region's API, for `plan` and `doctor`, and for `docs/reference/services.md`.
It is data: it imports nothing of Drydock, so that `stack` and `region` can both read it.
"""
