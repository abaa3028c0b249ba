variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "load_balancer_arn" {
  description = "Load balancer to protect."
  type        = string
}

variable "rate_limit" {
  description = "Requests that one address may make in five minutes."
  type        = number
}

variable "retention_in_days" {
  description = "Days that the log is kept."
  type        = number
}

variable "logs_key_arn" {
  description = "Key of the log; null: AWS's own."
  type        = string
}
