"""Starts Rasa without TensorFlow, which our pipeline never uses but Rasa's modules import: seconds and 300 MB for nothing.

Three of Rasa's modules are imported for class names that serving never uses, and draw TensorFlow in. They are put in place here with
placeholders that refuse to be used. A model with a neural network cannot run after this: start it with
`python -m rasa run`, which works as always.
"""

import sys
from types import ModuleType
from typing import Any, Final

_MODULES: Final = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaDataGenerator", "RasaBatchDataGenerator"),
    # Checks a pipeline before training; a trained model names it, and it imports every component that Rasa has.
    "rasa.graph_components.validators.default_recipe_validator": ("DefaultV1RecipeValidator",),
}


def leave_out_tensorflow() -> None:
    """Must run before the first import of Rasa; raises when Rasa's module is already there."""
    for module_name, class_names in _MODULES.items():
        if module_name in sys.modules:
            raise RuntimeError(f"{module_name} is already imported")
        module = ModuleType(module_name, "Placeholder of assistant/light.py.")
        for class_name in class_names:
            setattr(module, class_name, type(class_name, (), {"__init__": _refuse}))
        sys.modules[module_name] = module


def _refuse(self: Any, *_: Any, **__: Any) -> None:
    raise RuntimeError(f"{type(self).__name__} needs TensorFlow; start with `python -m rasa` instead (assistant/light.py)")
