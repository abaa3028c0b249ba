"""Control groups of tasks and their containers, of version 1 and 2: hard limits that the kernel keeps.

Here belongs what is written to and read from /sys/fs/cgroup; what a limit means to ECS belongs to it.
"""
