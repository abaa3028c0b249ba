"""Control groups of tasks and containers, version 1 and 2: limits enforced by the kernel.

Here is everything that accesses /sys/fs/cgroup; ECS's meaning of a limit is with ECS.
"""
