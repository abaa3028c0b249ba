variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "domain_name" {
  description = "Name of the hosted zone."
  type        = string
}

variable "app_name" {
  description = "Full DNS name of the site."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate to use; empty: one is requested."
  type        = string
}

variable "load_balancer_dns_name" {
  description = "Where the site's name leads."
  type        = string
}

variable "load_balancer_zone_id" {
  description = "Hosted zone of that name."
  type        = string
}

variable "record" {
  description = "Kind of the site's record: alias or cname."
  type        = string
}
