"""Determine the actions and resources that must be allowed for a call; one file per service.

`general.py` handles what a service's file does not.
"""
