"""IAM at the API's door: who asks, what that needs, and whether policies allow it.

Nothing here changes a resource but for the sessions of tasks; nothing here runs when enforcement is off.
"""
