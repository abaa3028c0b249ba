output "certificate_arn" {
  description = "Certificate of the site, valid by now."
  value       = local.requested == 1 ? aws_acm_certificate_validation.this[0].certificate_arn : var.certificate_arn
}
