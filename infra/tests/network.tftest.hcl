# What the network refuses before anything is made.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"]
    }
  }
  mock_data "aws_region" {
    defaults = { id = "ap-southeast-2" }
  }
}

variables {
  prefix  = "tasklist"
  tags    = {}
  private = false
  egress  = "nat"
  cidr    = "10.0.0.0/16"
  vpc_id  = "vpc-0123456789abcdef0"
  zones   = 2

  flow_logs         = false
  retention_in_days = 30
  logs_key_arn      = null
}

override_data {
  target = data.aws_vpc.existing
  values = { id = "vpc-0123456789abcdef0", cidr_block = "172.31.0.0/16", enable_dns_support = true, enable_dns_hostnames = true }
}
override_data {
  target = data.aws_subnets.existing
  values = { ids = ["subnet-a1", "subnet-b1"] }
}
override_data {
  target = data.aws_subnet.existing["subnet-a1"]
  values = { id = "subnet-a1", availability_zone = "ap-southeast-2a", cidr_block = "172.31.0.0/20", tags = {} }
}
override_data {
  target = data.aws_subnet.existing["subnet-b1"]
  values = { id = "subnet-b1", availability_zone = "ap-southeast-2b", cidr_block = "172.31.254.0/23", tags = {} }
}
override_data {
  target = data.aws_route_tables.existing
  values = { ids = ["rtb-main"] }
}

# 172.31.0.0/20 and 172.31.254.0/23 are taken: from the end, 253, 252, 251 and 250 are the first that are not.
run "private_subnets_are_made_in_free_address_space" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    private = true
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  assert {
    condition     = join(" ", output.made_ranges) == join(" ", ["172.31.253.0/24", "172.31.252.0/24", "172.31.251.0/24", "172.31.250.0/24"])
    error_message = "Ranges that no subnet has: private ones, then the database's."
  }
  assert {
    condition     = aws_subnet.made_private["b"].availability_zone == "ap-southeast-2b" && length(aws_subnet.made_database) == 2
    error_message = "One of each per zone."
  }
  assert {
    condition     = output.nat_gateway_count == 2 && length(aws_route.made_nat) == 2
    error_message = "Each has a way out of its own."
  }
}

run "they_stay_once_they_are_made" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    private = true
    egress  = "endpoints"
  }
  override_data {
    target = data.aws_subnets.existing
    values = { ids = ["subnet-a1", "subnet-b1", "subnet-ours"] }
  }
  override_data {
    target = data.aws_subnet.existing["subnet-ours"]
    values = { id = "subnet-ours", availability_zone = "ap-southeast-2a", cidr_block = "172.31.253.0/24", tags = { Stack = "tasklist-made", Tier = "private" } }
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  assert {
    condition     = output.made_ranges[0] == "172.31.253.0/24"
    error_message = "A range that is taken by our own subnet is still its own."
  }
  assert {
    condition     = output.nat_gateway_count == 0
    error_message = "Endpoints need no NAT gateway."
  }
}

run "a_zone_that_comes_moves_nothing" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    private = true
    egress  = "endpoints"
  }
  # Zone a has come: b alone had subnets of ours.
  override_data {
    target = data.aws_subnets.existing
    values = { ids = ["subnet-a1", "subnet-b1", "subnet-ours", "subnet-ours-too"] }
  }
  override_data {
    target = data.aws_subnet.existing["subnet-ours"]
    values = { id = "subnet-ours", availability_zone = "ap-southeast-2b", cidr_block = "172.31.253.0/24", tags = { Stack = "tasklist-made", Tier = "private" } }
  }
  override_data {
    target = data.aws_subnet.existing["subnet-ours-too"]
    values = { id = "subnet-ours-too", availability_zone = "ap-southeast-2b", cidr_block = "172.31.252.0/24", tags = { Stack = "tasklist-made", Tier = "database" } }
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  assert {
    condition     = aws_subnet.made_private["b"].cidr_block == "172.31.253.0/24" && aws_subnet.made_database["b"].cidr_block == "172.31.252.0/24"
    error_message = "What was made keeps its range."
  }
  assert {
    condition     = aws_subnet.made_private["a"].cidr_block == "172.31.251.0/24" && aws_subnet.made_database["a"].cidr_block == "172.31.250.0/24"
    error_message = "The new zone takes what is free."
  }
}

run "subnets_that_are_handed_in" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    private             = true
    public_subnet_ids   = ["subnet-a1", "subnet-b1"]
    task_subnet_ids     = ["subnet-b1"]
    database_subnet_ids = ["subnet-b1", "subnet-a1"]
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "local" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  assert {
    condition     = jsonencode([output.public_subnet_ids, output.task_subnet_ids, output.database_subnet_ids]) == jsonencode([["subnet-a1", "subnet-b1"], ["subnet-b1"], ["subnet-b1", "subnet-a1"]])
    error_message = "They are taken as they are, whatever their routes say."
  }
  assert {
    condition     = length(output.made_ranges) == 0
    error_message = "And none are made."
  }
}

run "zones_by_name" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    vpc_id     = ""
    zone_names = ["ap-southeast-2a", "ap-southeast-2c"]
  }

  assert {
    condition     = aws_subnet.public["c"].availability_zone == "ap-southeast-2c" && aws_subnet.public["c"].cidr_block == "10.0.16.0/20"
    error_message = "A zone's ranges go by its place in the list."
  }
}

run "a_zone_that_the_account_does_not_have" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    vpc_id     = ""
    zone_names = ["ap-southeast-2a", "ap-southeast-2d"]
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "no_room_for_private_subnets" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    private = true
  }
  override_data {
    target = data.aws_vpc.existing
    values = { id = "vpc-0123456789abcdef0", cidr_block = "172.31.0.0/20" }
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  expect_failures = [output.task_subnet_ids]
}

run "a_load_balancer_needs_public_subnets" {
  command = plan

  module {
    source = "./modules/network"
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "local" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  expect_failures = [output.public_subnet_ids]
}

run "public_subnets_serve_where_there_are_no_others" {
  command = plan

  module {
    source = "./modules/network"
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  assert {
    condition     = output.database_subnet_ids == tolist(["subnet-a1", "subnet-b1"])
    error_message = "The default VPC has public subnets alone."
  }
}

run "a_region_with_too_few_zones" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    vpc_id = ""
    zones  = 4
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "endpoints_need_the_vpcs_names" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    private = true
    egress  = "endpoints"
  }
  override_data {
    target = data.aws_vpc.existing
    values = { id = "vpc-0123456789abcdef0", cidr_block = "172.31.0.0/16", enable_dns_support = true, enable_dns_hostnames = false }
  }
  override_data {
    target = data.aws_route_table.existing["rtb-main"]
    values = {
      id           = "rtb-main"
      routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
      associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
    }
  }

  expect_failures = [output.task_subnet_ids]
}
