"""The sample application: a list of tasks in PostgreSQL behind a small web page.

The application belongs here; it knows nothing of drydock. Imports, from the top:
`cli` → `serve`, `updatedb` → `app` → the routes (`api`, `health`, `pages`, `debug`) → `tasks` →
`database` → `settings`, `errors`. Each module is imported only when a command needs it, since a
task cannot serve while it is starting.
"""
