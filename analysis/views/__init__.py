"""What a reviewer sees in signals: filters, spectra, heart beats, skin responses, pitch, averages."""
