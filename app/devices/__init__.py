"""Device kinds, one file each; bridge (device to LSL) and capture (device to ring) processes."""
