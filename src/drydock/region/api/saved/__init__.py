"""What lasts of the control plane: one record for each AWS service and region, in a SQLite database.

`units` lists the records, `pickling` writes and reads one, `database` keeps them, `journal` decides when
they are written, and `restore` brings them back. Nothing here knows what a service does.
"""
