"""Load balancers made of HAProxy.

Handles listeners, servers and checks as plain data, independent of AWS's API and of the other
parts.

`spec` is the desired load balancer, `config` renders it for HAProxy, `plan` determines the steps of
a change, `health` reads HAProxy's observations, `balancer` executes.
"""
