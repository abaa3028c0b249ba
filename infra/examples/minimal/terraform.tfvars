# As cheap as it gets on AWS: a VPC of its own, two tasks with public addresses, a database that pauses.
# The original TechChallengeApp asks its database at every health check, so that with this image it never
# does; an application that has a check of its own for this (container.health_check_path) lets it.
#
#   terraform -chdir=infra plan -var-file=examples/minimal/terraform.tfvars

prefix          = "shop"
container_image = "servian/techchallengeapp:latest"
