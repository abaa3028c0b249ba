variable "prefix" {
  description = "Name of the application."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "retention_in_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "logs_key_arn" {
  description = "Key of the logs; null: AWS's own."
  type        = string
}
