# Every variable is optional. What belongs together is one object, of which only what differs is given:
# service = { cpu = 512, memory = 1024 }. An empty string or null means "not set": a pipeline passes empty
# strings for secrets that nobody has set. (A whole object that is empty, TF_VAR_service="", Terraform
# itself refuses before the stack sees it; Drydock leaves such variables out.)

variable "prefix" {
  description = "Name of the application; every resource's name starts with it."
  type        = string
  default     = "tasklist"
  nullable    = false

  validation {
    condition     = var.prefix == "" || can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.prefix))
    error_message = "Give prefix 2 to 24 small letters, digits and hyphens, with a letter first and no hyphen last: load balancers take no longer names."
  }

  validation {
    condition     = !strcontains(var.prefix, "--") && !contains(["default", "internal"], var.prefix) && !anytrue([for start in ["internal-", "sg-", "sthree-", "amzn-s3-demo-"] : startswith(var.prefix, start)])
    error_message = "Choose another prefix: AWS refuses two hyphens in a row (databases), the name default (subnet groups), and names that begin with internal- (load balancers), sg- (security groups), sthree- or amzn-s3-demo- (buckets)."
  }
}

variable "tags" {
  description = "Tags of everything that takes some, beside Application and ManagedBy."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 40 && alltrue([for name, value in var.tags : can(regex("^[\\w .:/=+@-]{1,128}$", name)) && !startswith(lower(name), "aws:") && length(value) <= 256])
    error_message = "Give 40 tags at most, each with a name of 1 to 128 letters, digits, spaces and . : / = + @ - that does not begin with aws:, and a value of 256 characters at most."
  }
}

variable "production" {
  description = "true: private tasks, two database instances, deletion protection, a final snapshot, keys, logs, alarms, firewall, backups; each can be set alone too. false, or empty: cheap enough to leave on."
  # The one switch that a pipeline hands over as an empty string, which is no bool; true and false are taken.
  type     = string
  default  = "false"
  nullable = false

  validation {
    condition     = contains(["true", "false", ""], var.production)
    error_message = "Set production to true or false."
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

variable "network" {
  description = "The VPC. `cidr`, `zones` (their number) and `availability_zones` (their names, instead) are for one that is made; `public_subnet_ids`, `task_subnet_ids` and `database_subnet_ids` for one that exists, instead of what its routes say. `private_tasks`: tasks without public addresses (unset: in production). `egress`: how those leave, nat (a gateway per zone) or endpoints (VPC endpoints for ECR, S3, logs and secrets, and no internet)."
  type = object({
    cidr                = optional(string, "10.0.0.0/16")
    zones               = optional(number, 2)
    availability_zones  = optional(list(string), [])
    public_subnet_ids   = optional(list(string), [])
    task_subnet_ids     = optional(list(string), [])
    database_subnet_ids = optional(list(string), [])
    private_tasks       = optional(bool)
    egress              = optional(string, "nat")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(cidrnetmask(var.network.cidr)) && try(tonumber(split("/", var.network.cidr)[1]) >= 16 && tonumber(split("/", var.network.cidr)[1]) <= 20, false)
    error_message = "Give network.cidr as an IPv4 range of /16 to /20, for example 10.0.0.0/16: it is divided into 16 subnets."
  }

  validation {
    condition     = contains([2, 3, 4], var.network.zones)
    error_message = "Set network.zones to 2, 3 or 4: a load balancer and a database need two."
  }

  validation {
    condition     = length(var.network.availability_zones) == 0 || (contains([2, 3, 4], length(var.network.availability_zones)) && length(distinct(var.network.availability_zones)) == length(var.network.availability_zones) && alltrue([for name in var.network.availability_zones : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9][a-z]$", name))]))
    error_message = "Give network.availability_zones as 2 to 4 different zones of the region by name, for example ap-southeast-2a."
  }

  validation {
    condition     = alltrue([for id in concat(var.network.public_subnet_ids, var.network.task_subnet_ids, var.network.database_subnet_ids) : can(regex("^subnet-[0-9a-f]{8,17}$", id))])
    error_message = "Give the subnets of network (public_subnet_ids, task_subnet_ids, database_subnet_ids) by their ids, such as subnet-0123456789abcdef0."
  }

  validation {
    condition     = var.vpc_id != "" || length(concat(var.network.public_subnet_ids, var.network.task_subnet_ids, var.network.database_subnet_ids)) == 0
    error_message = "Set vpc_id to the VPC of the subnets in network: they are of one that exists."
  }

  validation {
    condition     = length(var.network.public_subnet_ids) != 1 && length(var.network.database_subnet_ids) != 1
    error_message = "Give network.public_subnet_ids and network.database_subnet_ids two subnets at least, in two zones: a load balancer and a database need them."
  }

  validation {
    condition     = contains(["nat", "endpoints", ""], var.network.egress)
    error_message = "Set network.egress to nat or endpoints."
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

variable "dns" {
  description = "The site's name. `host_name`: within domain_name (empty: prefix). `record`: alias, which Route 53 answers with the load balancer's addresses, or cname."
  type = object({
    host_name = optional(string, "")
    record    = optional(string, "alias")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.dns.host_name == "" || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.dns.host_name))
    error_message = "Set dns.host_name to one DNS label, for example www: small letters, digits and hyphens, without domain_name."
  }

  validation {
    condition     = contains(["alias", "cname", ""], var.dns.record)
    error_message = "Set dns.record to alias or cname."
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

  # Before anything runs that cannot get its image.
  validation {
    condition     = var.network.egress != "endpoints" || !coalesce(var.network.private_tasks, var.production == "true") || can(regex("\\.dkr\\.ecr\\.[a-z0-9-]+\\.", var.container_image))
    error_message = "Push the image to ECR (drydock image push) and set container_image to it, or set network.egress = nat: with endpoints, tasks reach no other registry. (What the image is in a local region, drydock.toml says.)"
  }
}

variable "container" {
  description = "How the image runs. `port` that it listens on; `health_check_path` that answers 200 (unset: /healthcheck/live where the database pauses, since a check that asks it would keep it awake, else /healthcheck/); `command` (empty list: the image's own); `migrate_command` of a one-off task that brings the tables up to date (empty list: none); `database_variables`, the names under which the container hears of the database and of where to listen (an empty one leaves it out); `secrets_key_arns`, KMS keys of `secrets` that are not AWS's own; `read_only_root_filesystem` (unset: in production) and `writable_paths`, folders that are each task's own volumes; `execute_command`: ECS Exec opens a shell in a task."
  type = object({
    port              = optional(number, 3000)
    health_check_path = optional(string)
    command           = optional(list(string), ["serve"])
    migrate_command   = optional(list(string), ["updatedb", "-s"])
    database_variables = optional(object({
      host        = optional(string, "VTT_DBHOST")
      port        = optional(string, "VTT_DBPORT")
      name        = optional(string, "VTT_DBNAME")
      user        = optional(string, "VTT_DBUSER")
      password    = optional(string, "VTT_DBPASSWORD")
      listen_host = optional(string, "VTT_LISTENHOST")
      listen_port = optional(string, "VTT_LISTENPORT")
    }), {})
    secrets_key_arns          = optional(list(string), [])
    read_only_root_filesystem = optional(bool)
    writable_paths            = optional(list(string), [])
    execute_command           = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.container.port >= 1 && var.container.port <= 65535 && floor(var.container.port) == var.container.port
    error_message = "Set container.port to a whole number from 1 to 65535."
  }

  validation {
    condition     = var.container.health_check_path == null || var.container.health_check_path == "" || (try(length(var.container.health_check_path) <= 1024, true) && can(regex("^/[!-~]*$", var.container.health_check_path)))
    error_message = "Write container.health_check_path as a path that begins with a slash, for example /healthcheck/, of 1024 printable characters at most."
  }

  validation {
    condition     = alltrue([for name in values(var.container.database_variables) : can(regex("^([A-Za-z_][A-Za-z0-9_]*)?$", name))])
    error_message = "Name the container.database_variables with letters, digits and underscores, without a digit first; an empty name leaves one out."
  }

  validation {
    condition     = alltrue([for arn in var.container.secrets_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "Give each of container.secrets_key_arns as the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not of an alias."
  }

  validation {
    condition     = alltrue([for path in var.container.writable_paths : startswith(path, "/") && path != "/"])
    error_message = "Give each of container.writable_paths as a full path below the root, for example /tmp."
  }

  validation {
    condition     = !var.container.execute_command || !coalesce(var.container.read_only_root_filesystem, var.production == "true")
    error_message = "Set container.read_only_root_filesystem = false beside container.execute_command: the agent of ECS Exec writes into the container."
  }
}

variable "environment" {
  description = "Environment of the container, beside what it hears of the database."
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

variable "service" {
  description = "The tasks. `cpu` (units, 1024 are one vCPU) and `memory` (MiB) of each, in sizes that Fargate has; `desired_count` to start with, after which scaling decides and Terraform leaves the number alone; `scaling`: whether the number follows CPU and memory (70 %), from `scaling_min` (unset: 2, or desired_count where that is less) to `scaling_max` (unset: 6, or what is more of the two); `wait_for_steady_state`: apply waits until the service runs the new tasks, and fails if ECS rolls back."
  type = object({
    cpu                   = optional(number, 256)
    memory                = optional(number, 512)
    desired_count         = optional(number, 2)
    scaling               = optional(bool, true)
    scaling_min           = optional(number)
    scaling_max           = optional(number)
    wait_for_steady_state = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.service.cpu)
    error_message = "Set service.cpu to a size that Fargate has: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  validation {
    condition = !contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.service.cpu) || contains(lookup({
      "256"   = [512, 1024, 2048]
      "512"   = range(1024, 4097, 1024)
      "1024"  = range(2048, 8193, 1024)
      "2048"  = range(4096, 16385, 1024)
      "4096"  = range(8192, 30721, 1024)
      "8192"  = range(16384, 61441, 4096)
      "16384" = range(32768, 122881, 8192)
    }, tostring(var.service.cpu), []), var.service.memory)
    error_message = "Set service.memory (MiB) to a size that Fargate has for service.cpu: 256 takes 512, 1024, 2048; 512 1 to 4 GiB, 1024 2 to 8, 2048 4 to 16, 4096 8 to 30, each in steps of 1 GiB; 8192 16 to 60 in steps of 4; 16384 32 to 120 in steps of 8."
  }

  validation {
    condition     = var.service.desired_count >= 0 && floor(var.service.desired_count) == var.service.desired_count
    error_message = "Set service.desired_count to a whole number, 0 or more."
  }

  validation {
    condition     = var.service.scaling_min == null || try(var.service.scaling_min >= 0 && var.service.scaling_min <= 1000 && floor(var.service.scaling_min) == var.service.scaling_min, false)
    error_message = "Set service.scaling_min to a whole number from 0, or leave it unset."
  }

  validation {
    condition     = var.service.scaling_max == null || try(var.service.scaling_max >= coalesce(var.service.scaling_min, min(2, var.service.desired_count)) && var.service.scaling_max <= 1000 && floor(var.service.scaling_max) == var.service.scaling_max, false)
    error_message = "Set service.scaling_max to a whole number that is service.scaling_min at least, or leave it unset."
  }
}

variable "postgresql_version" {
  description = "Version of Aurora PostgreSQL. A major one (16) follows AWS's minor upgrades; a full one (16.8) stays. A greater major one upgrades the database: docs/how-to/upgrade-the-database.md."
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
    condition     = var.postgresql_instance_class == "" || can(regex("^db\\.[a-z0-9]+(\\.[a-z0-9-]+)*$", var.postgresql_instance_class))
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

variable "database" {
  description = "The cluster. `instances` (unset: 1, in production 2; the second and later ones read and stand by); `min_capacity` and `max_capacity` of a serverless one, ACU (unset: 0 to 2, in production 0.5 to 8; with 0 it pauses after 300 s without a connection); `backup_retention_days` of Aurora's own backups; `require_tls`: whether, in production, connections without TLS are refused (the original TechChallengeApp makes none with it); `apply_immediately`: changes that restart the database are made at once and not in its maintenance window (unset: not in production); `extended_support`: AWS goes on to support a version that is past its end, for a price; `redeploy_on_rotation`: new tasks start when RDS has rotated the password that it manages (the account needs a CloudTrail trail)."
  type = object({
    instances             = optional(number)
    min_capacity          = optional(number)
    max_capacity          = optional(number)
    backup_retention_days = optional(number, 7)
    require_tls           = optional(bool, true)
    apply_immediately     = optional(bool)
    extended_support      = optional(bool, false)
    redeploy_on_rotation  = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.database.instances == null || try(var.database.instances >= 1 && var.database.instances <= 16 && floor(var.database.instances) == var.database.instances, false)
    error_message = "Set database.instances to a whole number from 1 to 16, or leave it unset."
  }

  validation {
    condition     = var.database.min_capacity == null || try(var.database.min_capacity >= 0 && var.database.min_capacity <= 256 && floor(var.database.min_capacity * 2) == var.database.min_capacity * 2, false)
    error_message = "Set database.min_capacity to 0 to 256 ACU in steps of 0.5, or leave it unset."
  }

  validation {
    condition     = var.database.max_capacity == null || try(var.database.max_capacity >= 1 && var.database.max_capacity <= 256 && floor(var.database.max_capacity * 2) == var.database.max_capacity * 2, false)
    error_message = "Set database.max_capacity to 1 to 256 ACU in steps of 0.5, or leave it unset."
  }

  validation {
    condition     = coalesce(var.database.min_capacity, var.production == "true" ? 0.5 : 0) <= coalesce(var.database.max_capacity, var.production == "true" ? 8 : 2)
    error_message = "Set database.max_capacity to database.min_capacity at least; unset they are 0 and 2 ACU, in production 0.5 and 8."
  }

  # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
  validation {
    condition     = coalesce(var.database.min_capacity, var.production == "true" ? 0.5 : 0) > 0 || !strcontains(var.postgresql_version, ".") || !contains(["", "db.serverless"], var.postgresql_instance_class) || try(tonumber(split(".", var.postgresql_version)[1]) >= lookup({ "13" = 15, "14" = 12, "15" = 7, "16" = 3 }, split(".", var.postgresql_version)[0], 0), true)
    error_message = "Set database.min_capacity to 0.5 at least, or postgresql_version to 13.15, 14.12, 15.7, 16.3 or newer: older ones cannot pause."
  }

  validation {
    condition     = var.database.backup_retention_days >= 1 && var.database.backup_retention_days <= 35 && floor(var.database.backup_retention_days) == var.database.backup_retention_days
    error_message = "Set database.backup_retention_days to a whole number from 1 to 35."
  }
}

variable "protection" {
  description = "What guards the stack; unset: in production. `deletion_protection`: AWS refuses to delete the database and the load balancer (to destroy a stack that has it, set false, plan and apply, then destroy). `final_snapshot` of the database before it is deleted, which stays, and costs, until you delete it. `customer_keys`: KMS keys of your own encrypt logs, secrets, database and backups (a change for a database that exists replaces it: AWS keeps a cluster's key for life). `backup_vault`: AWS Backup copies the database every day, and keeps that for 35 (the account has to opt in to Aurora: docs/how-to/before-aws.md). `firewall`: a web ACL before the load balancer, with `rate_limit`, the requests that one address may make in five minutes."
  type = object({
    deletion_protection = optional(bool)
    final_snapshot      = optional(bool)
    customer_keys       = optional(bool)
    backup_vault        = optional(bool)
    firewall            = optional(bool)
    rate_limit          = optional(number, 2000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.protection.rate_limit >= 10 && var.protection.rate_limit <= 2000000000 && floor(var.protection.rate_limit) == var.protection.rate_limit
    error_message = "Set protection.rate_limit to a whole number from 10 to 2000000000."
  }
}

variable "monitoring" {
  description = "What is seen and kept; unset: in production. `log_retention_days` (unset: 30, in production 365); `access_logs`: the load balancer logs every request in a bucket; `flow_logs`: the VPC's traffic is logged; `alarms`, and a topic that they are sent to; `alarm_email` that subscribes to it once its owner confirms (empty: none)."
  type = object({
    log_retention_days = optional(number)
    access_logs        = optional(bool)
    flow_logs          = optional(bool)
    alarms             = optional(bool)
    alarm_email        = optional(string, "")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.monitoring.log_retention_days == null || try(contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.monitoring.log_retention_days), false)
    error_message = "Set monitoring.log_retention_days to a number of days that CloudWatch has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or more years."
  }

  validation {
    condition     = var.monitoring.alarm_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.monitoring.alarm_email))
    error_message = "Set monitoring.alarm_email to one e-mail address, or leave it empty."
  }
}
