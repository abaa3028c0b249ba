variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "cluster_arn" {
  description = "Database cluster to copy."
  type        = string
}

variable "key_arn" {
  description = "Key of the vault; null: AWS's own."
  type        = string
}

variable "keep_days" {
  description = "Days that a copy is kept."
  type        = number
}

variable "force_destroy" {
  description = "Whether destroying the stack deletes the copies too."
  type        = bool
}
