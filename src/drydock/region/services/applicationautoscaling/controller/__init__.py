"""Application Auto Scaling of ECS services: alarms and schedules set the desired count.

`maths` is pure; `controller` reads targets, acts and records activities.
"""
