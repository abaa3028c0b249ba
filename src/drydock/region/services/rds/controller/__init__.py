"""The RDS controllers: every Aurora or RDS instance is a PostgreSQL server on its own ENI.

Also here: the translation of engine versions and settings into a server.
"""
