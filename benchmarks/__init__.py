"""One script per question. Each prints a table; a ratio is taken within one run, alternating.

Run one with `.venv/bin/python -m benchmarks.NAME`, all with `make bench`.
"""
