"""Database servers made of PostgreSQL: one folder, one process, one address each.

Here belongs what PostgreSQL needs to run and what RDS puts into a fresh server. What the API asked
for, names and endpoints belong to the controllers; this package knows nothing of AWS's API and
nothing of the other seams.

versions   which PostgreSQL there is on this machine
folder     what a server keeps on disk, and who may use it
initdb     a new, empty server's files
settings   postgresql.conf and pg_hba.conf, as text
spec       what a server is to be, and what is told of it
postmaster what a server's files tell of its process
server     the process: start, ask, stop
standby    a server that follows another: the copy, and how it is reached
roles      master user, rds_superuser, the named database
"""
