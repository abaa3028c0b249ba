"""Starting processes: PID 1 of the region, and the client that asks it.

Here belongs how a process is born and how its end is known; what it is for belongs to the callers.
"""
