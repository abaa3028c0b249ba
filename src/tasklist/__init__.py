"""The sample application: a list of tasks in PostgreSQL behind a small web page.

Here belongs the application; it knows nothing of drydock. Who knows whom, from the top:
`cli` → `serve`, `updatedb` → `app` → the routes (`api`, `health`, `pages`, `debug`) → `tasks` →
`database` → `settings`, `errors`. Each module is imported only when a command needs it, since a
task that is starting serves nobody.
"""
