variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "production" {
  description = "Whether there are two instances that do not pause."
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
