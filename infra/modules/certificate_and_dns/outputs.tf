output "certificate_arn" {
  description = "Certificate of the site, valid by now."
  value       = local.requested == 1 ? aws_acm_certificate_validation.this[0].certificate_arn : var.certificate_arn
}

output "record_type" {
  description = "Type of the site's record."
  value       = aws_route53_record.app.type
}
