"""What collects: probes take samples and stay dumb."""
