# Each combination of `vpc_id`, `postgresql_password`, `domain_name`, `certificate_arn` and `production`:
# all 32 are valid, and no switch changes what another one says. Written by scripts/stack-combinations.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"] }
  }
  mock_data "aws_region" {
    defaults = { id = "ap-southeast-2" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_data "aws_route53_zone" {
    defaults = { zone_id = "Z0123456789" }
  }

  # The VPC that exists is as AWS's default one is: public subnets in two zones, and no others.
  mock_data "aws_vpc" {
    defaults = { id = "vpc-0123456789abcdef0", cidr_block = "172.31.0.0/16" }
  }
  mock_data "aws_subnets" {
    defaults = { ids = ["subnet-a", "subnet-b"] }
  }
  mock_data "aws_route_tables" {
    defaults = { ids = ["rtb-main"] }
  }
  mock_data "aws_route_table" {
    defaults = {
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }
}

override_data {
  target = module.network.data.aws_subnet.existing["subnet-a"]
  values = { id = "subnet-a", availability_zone = "ap-southeast-2a", cidr_block = "172.31.0.0/20", tags = {} }
}
override_data {
  target = module.network.data.aws_subnet.existing["subnet-b"]
  values = { id = "subnet-b", availability_zone = "ap-southeast-2b", cidr_block = "172.31.16.0/20", tags = {} }
}
override_resource {
  target          = module.certificate_and_dns[0].aws_acm_certificate.this
  override_during = plan
  values = {
    arn                       = "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested"
    domain_validation_options = [{ domain_name = "tasklist.example.com", resource_record_name = "_x.tasklist.example.com.", resource_record_type = "CNAME", resource_record_value = "_y.acm-validations.aws." }]
  }
}
override_resource {
  target          = module.certificate_and_dns[0].aws_acm_certificate_validation.this
  override_during = plan
  values          = { certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested" }
}
override_resource {
  target          = module.load_balancer.aws_lb.this
  override_during = plan
  values          = { arn = "arn:aws:elasticloadbalancing:ap-southeast-2:123456789012:loadbalancer/app/tasklist/1", dns_name = "tasklist.elb.amazonaws.com", arn_suffix = "app/tasklist/1" }
}

run "none" {
  command = plan

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], false, true, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "production" {
  command = plan

  variables {
    production = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], false, true, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "certificate_arn" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "certificate_arn_and_production" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production      = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "domain_name" {
  command = plan

  variables {
    domain_name = "example.com"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], false, true, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "domain_name_and_production" {
  command = plan

  variables {
    domain_name = "example.com"
    production  = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], false, true, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "domain_name_and_certificate_arn" {
  command = plan

  variables {
    domain_name     = "example.com"
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "domain_name_and_certificate_arn_and_production" {
  command = plan

  variables {
    domain_name     = "example.com"
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production      = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], true, false, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_production" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], true, false, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_certificate_arn" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_certificate_arn_and_production" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_domain_name" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], true, false, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_domain_name_and_production" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], true, false, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_domain_name_and_certificate_arn" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 1, false, true, 0, 0, true, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "postgresql_password_and_domain_name_and_certificate_arn_and_production" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 2, true, false, 2, 0, true, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id" {
  command = plan

  variables {
    vpc_id = "vpc-0123456789abcdef0"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], false, true, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_production" {
  command = plan

  variables {
    vpc_id     = "vpc-0123456789abcdef0"
    production = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], false, true, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_certificate_arn" {
  command = plan

  variables {
    vpc_id          = "vpc-0123456789abcdef0"
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_certificate_arn_and_production" {
  command = plan

  variables {
    vpc_id          = "vpc-0123456789abcdef0"
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production      = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_domain_name" {
  command = plan

  variables {
    vpc_id      = "vpc-0123456789abcdef0"
    domain_name = "example.com"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], false, true, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_domain_name_and_production" {
  command = plan

  variables {
    vpc_id      = "vpc-0123456789abcdef0"
    domain_name = "example.com"
    production  = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], false, true, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_domain_name_and_certificate_arn" {
  command = plan

  variables {
    vpc_id          = "vpc-0123456789abcdef0"
    domain_name     = "example.com"
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_domain_name_and_certificate_arn_and_production" {
  command = plan

  variables {
    vpc_id          = "vpc-0123456789abcdef0"
    domain_name     = "example.com"
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production      = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], false, true, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], true, false, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_production" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["http://tasklist.elb.amazonaws.com", null, [80], true, false, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_certificate_arn" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_certificate_arn_and_production" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.elb.amazonaws.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_domain_name" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], true, false, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_domain_name_and_production" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/requested", [80, 443], true, false, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_domain_name_and_certificate_arn" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 1, false, true, 0, 0, false, 0])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}

run "vpc_id_and_postgresql_password_and_domain_name_and_certificate_arn_and_production" {
  command = plan

  variables {
    vpc_id              = "vpc-0123456789abcdef0"
    postgresql_password = "correct-horse-battery"
    domain_name         = "example.com"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    production          = "true"
  }

  assert {
    condition     = jsonencode([output.app_url, module.load_balancer.certificate_arn, module.load_balancer.listener_ports, module.database.password_is_given, module.service.redeploys_on_rotation, module.database.instance_count, module.database.is_protected, output.standalone_task_public_ip, module.network.nat_gateway_count, length(module.network.made_ranges), module.network.is_made, length(module.firewall)]) == jsonencode(["https://tasklist.example.com", "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d", [80, 443], true, false, 2, true, false, 2, 4, false, 1])
    error_message = "In this order: url, certificate, ports, password is given, redeploys on rotation, databases, protected, public tasks, NAT gateways, made in a VPC that exists, a VPC is made, firewall."
  }
}
