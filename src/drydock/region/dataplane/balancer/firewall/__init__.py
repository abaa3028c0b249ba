"""A web application firewall that HAProxy judges: rules as plain data, and what they are in its words.

Nothing of AWS's API: `spec` says what is wanted, the other files write it; nobody else here knows how.
"""
