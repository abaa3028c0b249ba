variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "vpc_id" {
  description = "VPC of the groups."
  type        = string
}

variable "container_port" {
  description = "Port that the tasks listen on."
  type        = number
}
