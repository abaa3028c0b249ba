"""VPCs made of Linux network namespaces, veth pairs, routes and nftables.

Handles addresses and namespaces, independent of AWS's API: controllers provide the desired state.
"""
