"""Database servers made of PostgreSQL: one folder, one process, one address each.

Here is what PostgreSQL needs to run and what RDS puts into a fresh server. API requests, names and
endpoints belong to the controllers; this package is independent of AWS's API and of the other
parts.

    versions   the PostgreSQL installations of this machine
    folder     a server's files on disk, and the lock on them
    initdb     a new, empty server's files
    settings   postgresql.conf and pg_hba.conf, as text
    spec       the settings of a server, and the results of asking it
    postmaster the state of a server's process, from its files
    server     the process: start, ask, stop
    standby    a server that follows another: the copy, and its connection
    roles      master user, rds_superuser, the named database
"""
