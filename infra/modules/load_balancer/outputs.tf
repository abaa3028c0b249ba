output "dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of the load balancer's name, for alias records."
  value       = aws_lb.this.zone_id
}

output "target_group_arn" {
  description = "Target group of the tasks."
  value       = aws_lb_target_group.app.arn

  # ECS refuses a service whose target group no listener uses.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https]
}

output "listener_ports" {
  description = "Ports that the load balancer listens on."
  value       = tolist(concat([aws_lb_listener.http.port], aws_lb_listener.https[*].port))
}

output "is_protected" {
  description = "Whether the load balancer is protected from deletion."
  value       = aws_lb.this.enable_deletion_protection
}

output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "The load balancer as its metrics name it."
  value       = aws_lb.this.arn_suffix
}

output "target_group_suffix" {
  description = "The target group as its metrics name it."
  value       = aws_lb_target_group.app.arn_suffix
}

output "logs_bucket" {
  description = "Bucket of the access logs; null without."
  value       = one(aws_s3_bucket.logs[*].id)
}

output "health_check_path" {
  description = "Path that the tasks' health is asked for at."
  value       = one(aws_lb_target_group.app.health_check[*].path)
}

output "certificate_arn" {
  description = "Certificate of the site; null without HTTPS."
  value       = one(aws_lb_listener.https[*].certificate_arn)
}
