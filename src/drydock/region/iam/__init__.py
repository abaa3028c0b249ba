"""The authorizer: the caller of a request, the permissions it needs, and whether policies allow
them.

Nothing here changes a resource except the sessions of tasks; nothing here runs when enforcement is
off.
"""
