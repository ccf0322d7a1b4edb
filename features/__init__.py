"""What an account looks like in numbers."""
