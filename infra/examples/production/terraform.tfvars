# Private tasks that reach AWS through endpoints and nothing else, so the image is in ECR; two database
# instances, keys, logs, alarms, firewall, backups.
#
#   terraform -chdir=infra plan -var-file=examples/production/terraform.tfvars

prefix          = "shop"
production      = true
domain_name     = "example.com"
container_image = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop:1.0.0"

network    = { egress = "endpoints" }
service    = { scaling_min = 3, scaling_max = 12 }
database   = { max_capacity = 16 }
monitoring = { alarm_email = "on-call@example.com" }
