"""Shared by all services: replacing moto's backends and responses, and the controller framework.

A controller reads the desired state, compares it with the actual state, acts, and writes the
outcome back.
"""
