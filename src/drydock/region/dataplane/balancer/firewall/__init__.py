"""A web application firewall in HAProxy: rules as plain data, and their rendering.

Independent of AWS's API: `spec` has the rules, the other files render them; no other package does.
"""
