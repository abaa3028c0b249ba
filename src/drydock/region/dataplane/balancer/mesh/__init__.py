"""A proxy beside a task: HAProxy that takes calls to names of other services and balances them itself.

Here belongs what it is told and how it runs. Which names there are, and who serves, others say.
"""
