"""The one place where the region starts processes: PID 1 of its namespace and a client to it.

Here belongs how a process is born and how its end is known; what it is for belongs to the callers.
"""
