"""VPCs made of Linux network namespaces, veth pairs, routes and nftables.

Knows addresses and namespaces, nothing of AWS's API: controllers say what shall be there.
"""
