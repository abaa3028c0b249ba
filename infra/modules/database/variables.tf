variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "production" {
  description = "Whether the server's log is kept and Performance Insights are on."
  type        = bool
}

variable "deletion_protection" {
  description = "Whether the cluster is protected from deletion."
  type        = bool
}

variable "final_snapshot" {
  description = "Whether a snapshot is made before the cluster is deleted."
  type        = bool
}

variable "subnet_ids" {
  description = "Subnets in two zones at least."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the database."
  type        = string
}

variable "engine_version" {
  description = "Version of Aurora PostgreSQL, major or full."
  type        = string
}

variable "instance_class" {
  description = "Class of the instances."
  type        = string
}

variable "password" {
  description = "Password of the master user; empty: RDS manages it."
  type        = string
  sensitive   = true
}

variable "instance_count" {
  description = "Number of instances; the second and later ones read."
  type        = number
}

variable "min_capacity" {
  description = "Least capacity of a serverless database, ACU; 0: it pauses."
  type        = number
}

variable "max_capacity" {
  description = "Most capacity of a serverless database, ACU."
  type        = number
}

variable "backup_retention_days" {
  description = "Days that Aurora's backups are kept."
  type        = number
}

variable "require_tls" {
  description = "Whether the server refuses connections without TLS."
  type        = bool
}

variable "retention_in_days" {
  description = "Days that the server's log is kept."
  type        = number
}

variable "logs_key_arn" {
  description = "Key of the server's log; null: AWS's own."
  type        = string
}

variable "secrets_key_arn" {
  description = "Key of the password's secret; null: AWS's own."
  type        = string
}

variable "database_key_arn" {
  description = "Key of the database; null: AWS's own."
  type        = string
}

variable "apply_immediately" {
  description = "Whether changes that restart the database are made at once, and not in its maintenance window."
  type        = bool
}

variable "extended_support" {
  description = "Whether AWS goes on to support a version that is past its end, for a price."
  type        = bool
}
