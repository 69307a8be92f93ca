"""WiFi channel state information: what passes between two nodes, from amplitudes to segments."""
