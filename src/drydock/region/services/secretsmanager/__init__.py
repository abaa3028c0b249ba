"""Secrets Manager: secrets, their versions, and rotations that are due."""
