"""The control plane: what was asked for, and what controllers found to be so, kept by moto.

Here belong the server, its lock, what is saved, and moto's gaps; nothing that makes anything run.
"""
