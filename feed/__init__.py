"""What is followed live, whatever it is about: logs with positions, their followers, and the signals that wake them."""
