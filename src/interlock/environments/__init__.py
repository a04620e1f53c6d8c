"""Where commands run. Effects live here: processes, working copies, the machine."""
