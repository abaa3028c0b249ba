"""Database servers made of PostgreSQL.

Knows data folders, servers and roles as plain data, nothing of AWS's API and nothing of the other seams.
"""
