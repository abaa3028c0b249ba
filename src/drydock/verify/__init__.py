"""Checks of a stack: who can reach whom, what it costs.

Speaks the AWS API alone; reports problems with exit code 3.
"""
