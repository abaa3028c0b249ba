variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "private" {
  description = "Whether tasks are in private subnets."
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

variable "zone_names" {
  description = "Zones of a VPC that is made, by name; empty: the first of the region's."
  type        = list(string)
  default     = []
}

variable "public_subnet_ids" {
  description = "Subnets of the load balancer in a VPC that exists; empty: found by their routes."
  type        = list(string)
  default     = []
}

variable "task_subnet_ids" {
  description = "Subnets of the tasks in a VPC that exists; empty: found by their routes, or made."
  type        = list(string)
  default     = []
}

variable "database_subnet_ids" {
  description = "Subnets of the database in a VPC that exists; empty: found by their routes, or made."
  type        = list(string)
  default     = []
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
