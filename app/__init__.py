"""The workstation: processes, devices, recorder, presenter, console. Imports nothing here."""
