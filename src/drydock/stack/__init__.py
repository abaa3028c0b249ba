"""Terraform: find it and its provider, point it at a target, run it, read its plan.

Here belongs everything around a stack's folder; never a word about the region's inside.
"""
