"""The assistant's custom actions, served to Rasa by `python -m actions`."""
