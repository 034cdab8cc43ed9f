"""When each check and trip runs, and that it runs: the schedule, the budgets, the gates, the rounds. Judges nothing, stores nothing."""
