"""The ECS controllers: services keep their tasks, tasks keep their processes.

Also here: their pure plans, and the translation of container definitions into containers.
"""
