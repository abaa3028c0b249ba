variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "has_key" {
  description = "Whether a key is given; otherwise one is made."
  type        = bool
}

variable "key_arn" {
  description = "Key of the topic, which CloudWatch and EventBridge may use."
  type        = string
}

variable "watches_backups" {
  description = "Whether there is a backup plan, whose vault is named as prefix."
  type        = bool
}

variable "watches_redeployments" {
  description = "Whether there is a state machine that replaces the tasks."
  type        = bool
}

variable "state_machine_arn" {
  description = "That state machine; null without."
  type        = string
}

variable "service_arn" {
  description = "ARN of the ECS service."
  type        = string
}

variable "email" {
  description = "Address that alarms are sent to; empty: none yet."
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
