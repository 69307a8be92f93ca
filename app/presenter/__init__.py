"""The presenter process: runner, participant's window and its pages."""
