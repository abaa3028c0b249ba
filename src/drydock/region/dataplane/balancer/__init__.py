"""Load balancers made of HAProxy.

Knows listeners, servers and checks as plain data, nothing of AWS's API and nothing of the other seams.

`spec` says what is wanted, `config` writes it in HAProxy's words, `plan` decides what to do about a
difference, `health` reads what HAProxy observed, `balancer` does it.
"""
