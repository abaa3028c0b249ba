"""The sample application: a list of tasks in PostgreSQL behind a small web page.

Here belongs the application; it knows nothing of drydock.
"""
