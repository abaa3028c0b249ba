# Subnets of a VPC that exists are told apart by their routes.

mock_provider "aws" {
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
}

variables {
  vpc_id = "vpc-0123456789abcdef0"
}

override_data {
  target = module.network.data.aws_vpc.existing
  values = { id = "vpc-0123456789abcdef0", cidr_block = "10.0.0.0/16" }
}
override_data {
  target = module.network.data.aws_subnets.existing
  values = { ids = ["subnet-a1", "subnet-a2", "subnet-b1", "subnet-b2"] }
}
override_data {
  target = module.network.data.aws_subnet.existing["subnet-a1"]
  values = { id = "subnet-a1", availability_zone = "ap-southeast-2a", cidr_block = "10.0.0.0/24", tags = {} }
}
override_data {
  target = module.network.data.aws_subnet.existing["subnet-a2"]
  values = { id = "subnet-a2", availability_zone = "ap-southeast-2a", cidr_block = "10.0.1.0/24", tags = {} }
}
override_data {
  target = module.network.data.aws_subnet.existing["subnet-b1"]
  values = { id = "subnet-b1", availability_zone = "ap-southeast-2b", cidr_block = "10.0.2.0/24", tags = {} }
}
override_data {
  target = module.network.data.aws_subnet.existing["subnet-b2"]
  values = { id = "subnet-b2", availability_zone = "ap-southeast-2b", cidr_block = "10.0.3.0/24", tags = {} }
}
override_data {
  target = module.network.data.aws_route_tables.existing
  values = { ids = ["rtb-main", "rtb-private"] }
}
override_data {
  target = module.network.data.aws_route_table.existing["rtb-main"]
  values = {
    id           = "rtb-main"
    routes       = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-1" }]
    associations = [{ main = true, subnet_id = "", route_table_id = "rtb-main" }]
  }
}

run "public_by_the_main_table_private_by_its_own" {
  command = plan

  override_data {
    target = module.network.data.aws_route_table.existing["rtb-private"]
    values = {
      id     = "rtb-private"
      routes = [{ cidr_block = "10.0.0.0/16", gateway_id = "local" }]
      associations = [
        { main = false, subnet_id = "subnet-a2", route_table_id = "rtb-private" },
        { main = false, subnet_id = "subnet-b2", route_table_id = "rtb-private" },
      ]
    }
  }

  assert {
    condition     = module.network.public_subnet_ids == tolist(["subnet-a1", "subnet-b1"])
    error_message = "One public subnet per zone."
  }
  assert {
    condition     = output.standalone_task_subnet == "subnet-a1"
    error_message = "Tasks are in public subnets unless production."
  }
  assert {
    condition     = module.network.database_subnet_ids == tolist(["subnet-a2", "subnet-b2"])
    error_message = "The database is in private subnets where there are some."
  }
  assert {
    condition     = output.vpc_id == "vpc-0123456789abcdef0"
    error_message = "No VPC is made."
  }
}

