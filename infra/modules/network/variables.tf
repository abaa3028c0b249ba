variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "production" {
  description = "Whether tasks stand in private subnets, with a NAT gateway per zone."
  type        = bool
}

variable "vpc_id" {
  description = "VPC to use; empty: one is made."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of a VPC that is made."
  type        = string
}

variable "zones" {
  description = "Number of zones of a VPC that is made."
  type        = number
}
