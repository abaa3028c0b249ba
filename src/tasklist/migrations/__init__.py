"""Migrations of the database, one file a step. A published step is never changed."""
