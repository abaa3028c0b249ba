variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "key_arn" {
  description = "Key of the topic; null: AWS's own."
  type        = string
}

variable "email" {
  description = "Address that is told; empty: nobody yet."
  type        = string
}

variable "load_balancer_suffix" {
  description = "The load balancer as its metrics name it."
  type        = string
}

variable "target_group_suffix" {
  description = "The target group as its metrics name it."
  type        = string
}

variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
}

variable "service_name" {
  description = "Name of the ECS service."
  type        = string
}

variable "database_id" {
  description = "Identifier of the database cluster."
  type        = string
}
