variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "enabled" {
  description = "Whether there are keys of the account's own."
  type        = bool
}
