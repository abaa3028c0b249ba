"""The local AWS region: a control plane, controllers and a data plane.

Each part has a package; `daemon` wires them. Only `cli` imports it from outside.
"""
