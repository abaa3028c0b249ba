variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the groups."
  type        = string
}

variable "container_port" {
  description = "Port that the tasks listen on."
  type        = number
}
