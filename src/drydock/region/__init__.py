"""The local AWS region: a control plane, controllers and a data plane.

Here stands the wiring (daemon, porter); each part has a package. Nothing outside of cli imports it.
"""
