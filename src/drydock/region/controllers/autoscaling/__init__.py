"""Application Auto Scaling of ECS services: what alarms and schedules ask for becomes the desired count.

`maths` is pure; `controller` looks at targets, acts and tells activities.
"""
