variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "enabled" {
  description = "Whether there are keys of the account's own."
  type        = bool
}
