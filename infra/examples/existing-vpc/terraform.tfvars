# In a VPC that exists, the default VPC for example, with a name in a hosted zone that exists.
#
#   terraform -chdir=infra plan -var-file=examples/existing-vpc/terraform.tfvars

prefix          = "shop"
vpc_id          = "vpc-0123456789abcdef0"
domain_name     = "example.com"
dns             = { host_name = "www" }
container_image = "servian/techchallengeapp:latest"
