"""ECS: services have their tasks, tasks have their processes.

Here belong the two controllers, their pure plans and what turns definitions into containers.
"""
