"""Starting processes: PID 1 of the region, and its client.

Here is how a process starts and how its end is detected; callers decide what it is for.
"""
