"""From a call to the actions and resources that must be allowed; one file per service.

What a service's file does not work out is left to `general.py`.
"""
