"""The saved control plane: one record for each AWS service and region, in a SQLite database.

`units` lists the records, `pickling` writes and reads one, `database` stores them, `journal`
decides when they are written, and `restore` loads them. Nothing here is specific to a service,
except in `pickling`.
"""
