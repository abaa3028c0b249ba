variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "enabled" {
  description = "Whether the tasks reach AWS through endpoints."
  type        = bool
}

variable "execute_command" {
  description = "Whether ECS Exec needs its endpoint too."
  type        = bool
}

variable "vpc_id" {
  description = "VPC of the endpoints."
  type        = string
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
}

variable "route_table_ids" {
  description = "Route tables of those subnets, for the way to S3."
  type        = list(string)
}
