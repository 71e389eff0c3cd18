"""Everything that runs inside Rasa's own environment: input channel, classifier, tracker store, and how to train and serve."""
