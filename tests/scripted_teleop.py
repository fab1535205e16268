"""A teleoperator of LeRobot that says what it was given, one command a call, and then asks to end as Ctrl-C does."""

from dataclasses import dataclass
from typing import Any, ClassVar

from lerobot.teleoperators import Teleoperator, TeleoperatorConfig


@TeleoperatorConfig.register_subclass("scripted_teleop")
@dataclass(kw_only=True)
class ScriptedTeleopConfig(TeleoperatorConfig):
    pass


class ScriptedTeleop(Teleoperator):
    config_class = ScriptedTeleopConfig
    name = "scripted_teleop"
    script: ClassVar[list[dict[str, float]]] = []
    is_calibrated = True
    is_connected = False

    def __init__(self, config: ScriptedTeleopConfig) -> None:
        super().__init__(config)
        self._left = list(self.script)

    @property
    def action_features(self) -> dict[str, Any]:
        return dict.fromkeys(self.script[0], float)

    @property
    def feedback_features(self) -> dict[str, Any]:
        return {}

    def connect(self, calibrate: bool = True) -> None:
        self.is_connected = True

    def calibrate(self) -> None:
        pass

    def configure(self) -> None:
        pass

    def get_action(self) -> dict[str, Any]:
        if not self._left:
            raise KeyboardInterrupt
        return self._left.pop(0)

    def send_feedback(self, feedback: dict[str, Any]) -> None:
        pass

    def disconnect(self) -> None:
        self.is_connected = False
