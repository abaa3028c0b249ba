# As cheap as it gets on AWS: a VPC of its own, two tasks with public addresses, a database that pauses.
#
#   terraform -chdir=infra plan -var-file=examples/minimal/terraform.tfvars

prefix          = "shop"
container_image = "servian/techchallengeapp:latest"
