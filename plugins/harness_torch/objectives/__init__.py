"""What a model's own output layer is trained to say."""
