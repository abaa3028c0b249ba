output "topic_arn" {
  description = "Topic that alarms are sent to."
  value       = aws_sns_topic.this.arn
}

output "key_arn" {
  description = "Key of the topic."
  value       = aws_sns_topic.this.kms_master_key_id
}

output "own_key_users" {
  description = "Services that the policy of the topic's own key lets use it; none where a key is given."
  value       = flatten([for one in aws_kms_key.topic : [for statement in jsondecode(one.policy).Statement : try(statement.Principal.Service, [])]])
}

output "names" {
  description = "Names of the alarms, and of the rules for events."
  value       = sort(concat([for one in aws_cloudwatch_metric_alarm.this : one.alarm_name], [for one in aws_cloudwatch_event_rule.this : one.name]))
}
