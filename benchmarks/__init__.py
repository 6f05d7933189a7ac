"""What is measured on the machine at hand, beside the peers: `livegan bench`."""
