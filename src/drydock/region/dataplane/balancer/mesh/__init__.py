"""A proxy beside a task: HAProxy that takes calls to names of other services and balances them.

Here are its configuration and its process. Callers determine the names and the servers.
"""
