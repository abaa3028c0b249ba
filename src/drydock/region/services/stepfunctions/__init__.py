"""Step Functions: state machines are stored, none is run."""
