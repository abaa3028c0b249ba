"""The control plane: requested and observed resources, kept by moto.

Here are the server, its lock, the saved state, and requests that moto does not handle; nothing that
runs resources.
"""
