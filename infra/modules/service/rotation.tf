# A managed password rotates (weekly, unless told otherwise) and tasks read it when they start: so new
# tasks take the old ones' place after each rotation. EventBridge cannot call ECS itself; a state machine
# of one step does.

# Two roles, since two services act: the one may start the state machine, the other replace the tasks.

moved {
  from = aws_iam_role.rotation
  to   = aws_iam_role.redeploy
}

moved {
  from = aws_iam_role_policy.rotation
  to   = aws_iam_role_policy.redeploy
}

resource "aws_iam_role" "redeploy" {
  count       = var.redeploy_on_rotation ? 1 : 0
  name        = "${local.role_prefix}-redeploy"
  description = "Tasks of ${var.prefix} are replaced with this role when their password has rotated"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
    }]
  })
  tags = var.tags

  lifecycle {
    # One that has a former name keeps it.
    ignore_changes = [name, description]
  }
}

resource "aws_iam_role_policy" "redeploy" {
  count = var.redeploy_on_rotation ? 1 : 0
  name  = "redeploy"
  role  = aws_iam_role.redeploy[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ecs:UpdateService", Resource = aws_ecs_service.app.id }]
  })
}

resource "aws_iam_role" "rotation_events" {
  count       = var.redeploy_on_rotation ? 1 : 0
  name        = "${local.role_prefix}-rotation-events"
  description = "EventBridge starts the redeployment of ${var.prefix} with this role"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "rotation_events" {
  count = var.redeploy_on_rotation ? 1 : 0
  name  = "start"
  role  = aws_iam_role.rotation_events[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "states:StartExecution", Resource = aws_sfn_state_machine.rotation[0].arn }]
  })
}

resource "aws_sfn_state_machine" "rotation" {
  #checkov:skip=CKV_AWS_284:one call, which ECS's own events and CloudTrail record
  #checkov:skip=CKV_AWS_285:one call, which ECS's own events and CloudTrail record
  count    = var.redeploy_on_rotation ? 1 : 0
  name     = "${var.prefix}-redeploy"
  role_arn = aws_iam_role.redeploy[0].arn
  definition = jsonencode({
    Comment = "The tasks of ${var.prefix} are replaced"
    StartAt = "Redeploy"
    States = {
      Redeploy = {
        Type     = "Task"
        Resource = "arn:${data.aws_partition.current.partition}:states:::aws-sdk:ecs:updateService"
        Parameters = {
          Cluster            = aws_ecs_cluster.this.name
          Service            = aws_ecs_service.app.name
          ForceNewDeployment = true
        }
        # What was said of the service is not wanted, and may be large.
        ResultPath = null
        Retry      = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 60, MaxAttempts = 5, BackoffRate = 2 }]
        End        = true
      }
    }
  })
  tags = var.tags
}

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-eventbridge.html: such events
# come by way of CloudTrail, so the account needs a trail.
resource "aws_cloudwatch_event_rule" "rotation" {
  count       = var.redeploy_on_rotation ? 1 : 0
  name        = "${var.prefix}-rotation"
  description = "The database's password has rotated"
  event_pattern = jsonencode({
    source      = ["aws.secretsmanager"]
    detail-type = ["AWS Service Event via CloudTrail"]
    detail = {
      eventName           = ["RotationSucceeded"]
      additionalEventData = { SecretId = var.rotating_secret_arns }
    }
  })
  tags = var.tags
}

resource "aws_cloudwatch_event_target" "rotation" {
  count     = var.redeploy_on_rotation ? 1 : 0
  rule      = aws_cloudwatch_event_rule.rotation[0].name
  target_id = "redeploy"
  arn       = aws_sfn_state_machine.rotation[0].arn
  role_arn  = aws_iam_role.rotation_events[0].arn
}
