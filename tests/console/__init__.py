"""The console, as people with browsers meet it."""
