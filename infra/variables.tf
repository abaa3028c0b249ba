# Every variable is optional. An empty string means "not set" everywhere, since a pipeline passes
# empty strings for secrets that nobody has set.

variable "prefix" {
  description = "Name of the application; every resource's name starts with it."
  type        = string
  default     = "tasklist"
  nullable    = false

  validation {
    condition     = var.prefix == "" || can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.prefix))
    error_message = "Give prefix 2 to 24 small letters, digits and hyphens, with a letter first and no hyphen last: load balancers take no longer names."
  }
}

variable "region" {
  description = "AWS region, for example ap-southeast-2. Empty: the one that the environment says (AWS_REGION)."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.region == "" || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Write region as AWS does, for example ap-southeast-2, or leave it empty to take AWS_REGION."
  }
}

variable "production" {
  description = "true: private tasks, two database instances, deletion protection, a final snapshot, keys, logs, alarms, firewall, backups; each can be set alone too. false, or empty: cheap enough to leave on."
  # Not a bool, because an empty string is none.
  type     = string
  default  = "false"
  nullable = false

  validation {
    condition     = contains(["true", "false", ""], var.production)
    error_message = "Set production to true or false."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database and the load balancer. Empty: in production. To destroy a stack that has it, set false, plan and apply, then destroy."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = contains(["true", "false", ""], var.deletion_protection)
    error_message = "Set deletion_protection to true or false, or leave it empty to take the profile's."
  }
}

variable "final_snapshot" {
  description = "Whether a snapshot of the database is made before it is deleted; it stays, and costs, until you delete it. Empty: in production. A change takes effect once it is applied."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = contains(["true", "false", ""], var.final_snapshot)
    error_message = "Set final_snapshot to true or false, or leave it empty to take the profile's."
  }
}

variable "vpc_id" {
  description = "VPC to use, with its subnets (the default VPC works). Empty: a VPC is made from scratch."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.vpc_id == "" || can(regex("^vpc-[0-9a-f]{8,17}$", var.vpc_id))
    error_message = "Set vpc_id to a VPC's id such as vpc-0123456789abcdef0, or leave it empty to have a VPC made."
  }
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC that is made when vpc_id is empty."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 20, false)
    error_message = "Give vpc_cidr as an IPv4 range of /16 to /20, for example 10.0.0.0/16: it is divided into 16 subnets."
  }
}

variable "zones" {
  description = "Number of availability zones of the VPC that is made."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "Set zones to 2, 3 or 4: a load balancer and a database need two."
  }
}

variable "domain_name" {
  description = "Name of a Route 53 hosted zone that exists. Set: the site is <host_name>.<domain_name>. Empty: the load balancer's own name."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.domain_name == "" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "Set domain_name to the name of your hosted zone in small letters, without a dot at its end, for example example.com."
  }
}

variable "host_name" {
  description = "Name of the site within domain_name. Empty: prefix."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.host_name == "" || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.host_name))
    error_message = "Set host_name to one DNS label, for example www: small letters, digits and hyphens, without domain_name."
  }
}

variable "certificate_arn" {
  description = "ARN of an ACM certificate in this region. Empty: with domain_name one is requested; without, the site is served over HTTP alone."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:[0-9]{12}:(certificate|server-certificate)/.+$", var.certificate_arn))
    error_message = "Set certificate_arn to an ACM certificate's ARN (arn:aws:acm:REGION:ACCOUNT:certificate/ID) of the stack's region, or leave it empty."
  }
}

variable "container_image" {
  description = "Image that the tasks run. The default is the sample application, which only a local region has; on AWS name one that the tasks can pull."
  type        = string
  default     = "tasklist:latest"
  nullable    = false

  validation {
    condition     = !can(regex("\\s", var.container_image))
    error_message = "Set container_image to an image reference such as 123456789012.dkr.ecr.REGION.amazonaws.com/app:1.0."
  }
}

variable "container_port" {
  description = "Port that the container listens on."
  type        = number
  default     = 3000
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535 && floor(var.container_port) == var.container_port
    error_message = "Set container_port to a whole number from 1 to 65535."
  }
}

variable "health_check_path" {
  description = "Path that answers 200 while a task can serve."
  type        = string
  default     = "/healthcheck/"
  nullable    = false

  validation {
    condition     = var.health_check_path == "" || startswith(var.health_check_path, "/")
    error_message = "Start health_check_path with a slash, for example /healthcheck/."
  }
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one vCPU."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "Set cpu to a size that Fargate has: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "memory" {
  description = "Memory of a task, MiB. Fargate has certain sizes for each cpu; 256 CPU units take 512, 1024 or 2048."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory >= var.cpu * 2 && var.memory <= var.cpu * 8 && (var.memory == 512 || var.memory % 1024 == 0)
    error_message = "Set memory to 2 to 8 times cpu (in MiB, whole GiB above 512): Fargate has no other sizes."
  }
}

variable "desired_count" {
  description = "Tasks that the service starts with; afterwards scaling decides, and Terraform leaves the number alone (scaling_min raises it)."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.desired_count >= 0 && floor(var.desired_count) == var.desired_count
    error_message = "Set desired_count to a whole number, 0 or more."
  }
}

variable "wait_for_steady_state" {
  description = "Whether apply waits until the service runs the new tasks, and fails if ECS rolls back."
  type        = bool
  default     = true
  nullable    = false
}

variable "postgresql_version" {
  description = "Version of Aurora PostgreSQL. A major one (16) follows AWS's minor upgrades; a full one (16.8) stays."
  type        = string
  default     = "16"
  nullable    = false

  validation {
    condition     = var.postgresql_version == "" || can(regex("^1[3-9](\\.[0-9]+)?$", var.postgresql_version))
    error_message = "Set postgresql_version to a version of Aurora PostgreSQL, for example 16 or 16.8."
  }
}

variable "postgresql_instance_class" {
  description = "Instance class of the database. db.serverless pauses when idle unless production."
  type        = string
  default     = "db.serverless"
  nullable    = false

  validation {
    condition     = var.postgresql_instance_class == "" || startswith(var.postgresql_instance_class, "db.")
    error_message = "Set postgresql_instance_class to db.serverless or to a class of Aurora's such as db.t4g.medium."
  }
}

variable "postgresql_password" {
  description = "Password of the database's master user; it is kept in Secrets Manager and never in the state. Empty: RDS makes and keeps one, which is better."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true

  validation {
    condition     = var.postgresql_password == "" || (length(var.postgresql_password) >= 8 && length(var.postgresql_password) <= 99 && !can(regex("[/@\" ]|[^ -~]", var.postgresql_password)))
    error_message = "Give postgresql_password 8 to 99 printable ASCII characters without a slash, an at sign, a double quote or a space (RDS takes no others), or leave it empty."
  }
}

variable "container_command" {
  description = "Words that the container runs. Empty list: the image's own."
  type        = list(string)
  default     = ["serve"]
  nullable    = false
}

variable "migrate_command" {
  description = "Words that a one-off task runs to bring the database's tables up to date; `make update_db` takes them. Empty list: there is nothing to migrate."
  type        = list(string)
  default     = ["updatedb", "-s"]
  nullable    = false
}

variable "environment" {
  description = "Environment of the container, beside what it is told of the database."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, value in var.environment : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "Name the variables of environment with letters, digits and underscores, without a digit first."
  }
}

variable "secrets" {
  description = "Environment of the container that comes from Secrets Manager: name => ARN of the secret, with a key of its JSON where it has some (ARN:key::)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, arn in var.secrets : can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+(:[^:]+::)?$", arn))])
    error_message = "Give each of secrets as the full ARN of a secret in Secrets Manager, or that ARN and a key (arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX:key::). A value itself does not belong here."
  }
}

variable "secrets_key_arns" {
  description = "KMS keys that those secrets are encrypted with, where they are not AWS's own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "Give each of secrets_key_arns as the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not of an alias."
  }
}

variable "database_variables" {
  description = "Names under which the container is told of the database and of where to listen; an empty one leaves it out."
  type = object({
    host        = optional(string, "VTT_DBHOST")
    port        = optional(string, "VTT_DBPORT")
    name        = optional(string, "VTT_DBNAME")
    user        = optional(string, "VTT_DBUSER")
    password    = optional(string, "VTT_DBPASSWORD")
    listen_host = optional(string, "VTT_LISTENHOST")
    listen_port = optional(string, "VTT_LISTENPORT")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.database_variables) : can(regex("^([A-Za-z_][A-Za-z0-9_]*)?$", name))])
    error_message = "Name the database_variables with letters, digits and underscores, without a digit first; an empty name leaves one out."
  }
}

variable "read_only_root_filesystem" {
  description = "Whether the container may write into writable_paths alone. Unset: in production."
  type        = bool
  default     = null
}

variable "writable_paths" {
  description = "Folders of the container that are empty volumes of each task's own, and can be written whatever read_only_root_filesystem says; /tmp for many images."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for path in var.writable_paths : startswith(path, "/") && path != "/"])
    error_message = "Give each of writable_paths as a full path below the root, for example /tmp."
  }
}

variable "execute_command" {
  description = "Whether ECS Exec opens a shell in a task. It needs a root file system that can be written."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.execute_command || !coalesce(var.read_only_root_filesystem, var.production == "true")
    error_message = "Set read_only_root_filesystem = false too: the agent of ECS Exec writes into the container."
  }
}

variable "scaling" {
  description = "Whether the number of tasks follows their CPU and memory (70 %)."
  type        = bool
  default     = true
  nullable    = false
}

variable "scaling_min" {
  description = "Tasks at least, where the service scales. Unset: 2, or desired_count where that is less."
  type        = number
  default     = null

  validation {
    condition     = var.scaling_min == null || try(var.scaling_min >= 0 && var.scaling_min <= 1000 && floor(var.scaling_min) == var.scaling_min, false)
    error_message = "Set scaling_min to a whole number from 0, or leave it unset."
  }
}

variable "scaling_max" {
  description = "Tasks at most, where the service scales. Unset: 6, or desired_count or scaling_min where that is more."
  type        = number
  default     = null

  validation {
    condition     = var.scaling_max == null || try(var.scaling_max >= coalesce(var.scaling_min, 0) && var.scaling_max <= 1000 && floor(var.scaling_max) == var.scaling_max, false)
    error_message = "Set scaling_max to a whole number that is scaling_min at least, or leave it unset."
  }
}

variable "private_tasks" {
  description = "Whether tasks are in private subnets, without public addresses. Unset: in production."
  type        = bool
  default     = null
}

variable "egress" {
  description = "How private tasks leave: nat (a NAT gateway per zone) or endpoints (VPC endpoints for ECR, S3, logs and secrets, and no internet)."
  type        = string
  default     = "nat"
  nullable    = false

  validation {
    condition     = contains(["nat", "endpoints", ""], var.egress)
    error_message = "Set egress to nat or endpoints."
  }
}

variable "database_instances" {
  description = "Database instances; the second and later ones read and stand by. Unset: 1, in production 2."
  type        = number
  default     = null

  validation {
    condition     = var.database_instances == null || try(var.database_instances >= 1 && var.database_instances <= 16 && floor(var.database_instances) == var.database_instances, false)
    error_message = "Set database_instances to a whole number from 1 to 16, or leave it unset."
  }
}

variable "database_min_capacity" {
  description = "Least capacity of a serverless database, ACU; with 0 it pauses after 300 s. Unset: 0, in production 0.5."
  type        = number
  default     = null

  validation {
    condition     = var.database_min_capacity == null || try(var.database_min_capacity >= 0 && var.database_min_capacity <= 256 && floor(var.database_min_capacity * 2) == var.database_min_capacity * 2, false)
    error_message = "Set database_min_capacity to 0 to 256 ACU in steps of 0.5, or leave it unset."
  }
}

variable "database_max_capacity" {
  description = "Most capacity of a serverless database, ACU. Unset: 2, in production 8."
  type        = number
  default     = null

  validation {
    condition     = var.database_max_capacity == null || try(var.database_max_capacity >= 1 && var.database_max_capacity <= 256 && floor(var.database_max_capacity * 2) == var.database_max_capacity * 2, false)
    error_message = "Set database_max_capacity to 1 to 256 ACU in steps of 0.5, or leave it unset."
  }
}

variable "backup_retention_days" {
  description = "Days that Aurora's own backups are kept."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "Set backup_retention_days to a whole number from 1 to 35."
  }
}

variable "require_database_tls" {
  description = "Whether, in production, the database refuses connections without TLS. The original TechChallengeApp makes none with it."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that logs are kept. Unset: 30, in production 365."
  type        = number
  default     = null

  validation {
    condition     = var.log_retention_days == null || try(contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days), false)
    error_message = "Set log_retention_days to a number of days that CloudWatch has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or more years."
  }
}

variable "customer_keys" {
  description = "Whether KMS keys of your own encrypt logs, secrets, database and backups. A change for a database that exists replaces it: AWS keeps a cluster's key for life. Unset: in production."
  type        = bool
  default     = null
}

variable "access_logs" {
  description = "Whether the load balancer logs every request in a bucket. Unset: in production."
  type        = bool
  default     = null
}

variable "flow_logs" {
  description = "Whether the VPC's traffic is logged. Unset: in production."
  type        = bool
  default     = null
}

variable "alarms" {
  description = "Whether there are alarms, and a topic that they are sent to. Unset: in production."
  type        = bool
  default     = null
}

variable "alarm_email" {
  description = "Address that alarms are sent to; AWS asks it to confirm. Empty: nobody until you subscribe to the topic."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.alarm_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alarm_email))
    error_message = "Set alarm_email to one e-mail address, or leave it empty."
  }
}

variable "firewall" {
  description = "Whether a web ACL stands in front of the load balancer. Unset: in production."
  type        = bool
  default     = null
}

variable "rate_limit" {
  description = "Requests that one address may make in five minutes before the firewall blocks it."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.rate_limit >= 10 && var.rate_limit <= 2000000000 && floor(var.rate_limit) == var.rate_limit
    error_message = "Set rate_limit to a whole number, 10 or more."
  }
}

variable "backup_vault" {
  description = "Whether AWS Backup copies the database into a vault every day (kept for 35 days). Unset: in production."
  type        = bool
  default     = null
}

variable "redeploy_on_rotation" {
  description = "Whether new tasks start when RDS has rotated the password that it manages. The account needs a CloudTrail trail, by which AWS tells of it."
  type        = bool
  default     = true
  nullable    = false
}

variable "repository" {
  description = "Whether there is an ECR repository named as prefix. Unset: in production."
  type        = bool
  default     = null
}
