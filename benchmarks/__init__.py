"""What Interlock's speed is measured with: every figure is a ratio to a limit of the same run."""
