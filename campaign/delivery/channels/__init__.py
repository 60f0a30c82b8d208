"""Ways for a message to leave: one module for each; docs/adding-a-delivery-channel.md."""
