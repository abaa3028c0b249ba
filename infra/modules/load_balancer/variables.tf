variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "deletion_protection" {
  description = "Whether the load balancer is protected from deletion."
  type        = bool
}

variable "vpc_id" {
  description = "VPC of the targets."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets, one per zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}

variable "container_port" {
  description = "Port that the tasks listen on."
  type        = number
}

variable "health_check_path" {
  description = "Path that answers 200 while a task can serve."
  type        = string
}

variable "has_certificate" {
  description = "Whether the site is served over HTTPS; known before the certificate is."
  type        = bool
}

variable "certificate_arn" {
  description = "Certificate of the HTTPS listener."
  type        = string
}

variable "access_logs" {
  description = "Whether every request is logged in a bucket."
  type        = bool
}

variable "retention_in_days" {
  description = "Days that the access logs are kept."
  type        = number
}
