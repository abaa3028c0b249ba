"""The database's history, one file a step. A step that was published is never changed."""
