"""RDS: every Aurora or RDS instance that is asked for is a PostgreSQL server on its own ENI.

Here belong the controller and what turns an engine version and settings into a server.
"""
