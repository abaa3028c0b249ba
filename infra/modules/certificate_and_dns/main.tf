data "aws_route53_zone" "this" {
  name = var.domain_name
}

# An alias costs nothing to ask for, may be at the zone's own name, and follows the load balancer's
# addresses. A CNAME does for resolvers of another provider's copy of the zone.
resource "aws_route53_record" "app" {
  zone_id = data.aws_route53_zone.this.zone_id
  name    = var.app_name
  type    = local.is_alias ? "A" : "CNAME"
  ttl     = local.is_alias ? null : 60
  records = local.is_alias ? null : [var.load_balancer_dns_name]

  dynamic "alias" {
    for_each = local.is_alias ? [true] : []

    content {
      name                   = var.load_balancer_dns_name
      zone_id                = var.load_balancer_zone_id
      evaluate_target_health = true
    }
  }
}

locals {
  is_alias  = var.record == "alias"
  requested = var.certificate_arn == "" ? 1 : 0
}

resource "aws_acm_certificate" "this" {
  count             = local.requested
  domain_name       = var.app_name
  validation_method = "DNS"
  tags              = var.tags

  lifecycle {
    # A listener has a certificate at every moment.
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count           = local.requested
  zone_id         = data.aws_route53_zone.this.zone_id
  name            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.this[0].domain_validation_options).resource_record_value]
  ttl             = 60
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count                   = local.requested
  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = aws_route53_record.validation[*].fqdn
}
