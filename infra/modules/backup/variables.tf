variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
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
