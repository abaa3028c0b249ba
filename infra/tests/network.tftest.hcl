# What the network refuses before anything is made.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"]
    }
  }
}

variables {
  prefix     = "tasklist"
  production = false
  cidr       = "10.0.0.0/16"
  vpc_id     = "vpc-0123456789abcdef0"
  zones      = 2
}

override_data {
  target = data.aws_vpc.existing
  values = { id = "vpc-0123456789abcdef0" }
}
override_data {
  target = data.aws_subnets.existing
  values = { ids = ["subnet-a1", "subnet-b1"] }
}
override_data {
  target = data.aws_subnet.existing["subnet-a1"]
  values = { id = "subnet-a1", availability_zone = "ap-southeast-2a" }
}
override_data {
  target = data.aws_subnet.existing["subnet-b1"]
  values = { id = "subnet-b1", availability_zone = "ap-southeast-2b" }
}
override_data {
  target = data.aws_route_tables.existing
  values = { ids = ["rtb-main"] }
}

run "production_needs_private_subnets" {
  command = plan

  module {
    source = "./modules/network"
  }
  variables {
    production = true
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
