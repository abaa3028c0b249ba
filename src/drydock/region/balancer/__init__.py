"""Load balancers made of HAProxy.

Knows listeners, servers and checks as plain data, nothing of AWS's API and nothing of the other seams.
"""
