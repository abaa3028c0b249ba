variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "private" {
  description = "Whether tasks stand in private subnets."
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

variable "egress" {
  description = "The way out of private subnets: nat or endpoints."
  type        = string
}

variable "flow_logs" {
  description = "Whether the VPC's traffic is logged."
  type        = bool
}

variable "retention_in_days" {
  description = "Days that flow logs are kept."
  type        = number
}

variable "logs_key_arn" {
  description = "Key of the flow logs; null: AWS's own."
  type        = string
}
