variable "prefix" {
  description = "Name of the application."
  type        = string
}

variable "production" {
  description = "Whether logs are kept for a year instead of 30 days."
  type        = bool
}
