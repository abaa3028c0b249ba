output "repository_url" {
  description = "Repository of the application's images."
  value       = aws_ecr_repository.this.repository_url
}
