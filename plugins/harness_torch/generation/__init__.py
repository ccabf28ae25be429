"""Writing text token by token, for every family."""
