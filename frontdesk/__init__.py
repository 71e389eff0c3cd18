"""The front desk: the only public service of Relais. It never imports rasa."""
