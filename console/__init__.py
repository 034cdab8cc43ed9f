"""What is shown: metrics, the control API, and the board that both read. It is told what happens and asks the service through `ports`."""
