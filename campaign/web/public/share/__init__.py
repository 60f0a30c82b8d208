"""What helps others to pass a campaign on: picture, QR code, frame."""
