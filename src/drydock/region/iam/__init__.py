"""The authorizer: a request's caller, the permissions it needs, and the policies that decide.

Nothing here changes a resource except the sessions of tasks; nothing here runs when enforcement is
off.
"""
