variable "prefix" {
  description = "Name of the repository."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "force_delete" {
  description = "Whether a repository that holds images may be destroyed."
  type        = bool
}
