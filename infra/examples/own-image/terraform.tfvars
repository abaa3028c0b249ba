# Any web image: its port, its health check, its migration, and the names by which it knows a database.
#
#   terraform -chdir=infra plan -var-file=examples/own-image/terraform.tfvars

prefix          = "wiki"
container_image = "ghcr.io/example/wiki:2.1"

container = {
  port              = 8080
  health_check_path = "/up"
  command           = []
  migrate_command   = ["npm", "run", "migrate"]
  database_variables = {
    host        = "PGHOST"
    port        = "PGPORT"
    name        = "PGDATABASE"
    user        = "PGUSER"
    password    = "PGPASSWORD"
    listen_host = ""
    listen_port = "PORT"
  }
}
service = {
  cpu    = 512
  memory = 1024
}
environment = {
  LOG_LEVEL = "info"
}
secrets = {
  SESSION_KEY = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:wiki-AbCdEf:session_key::"
}
