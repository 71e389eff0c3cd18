"""Every setting of the front desk, read from `RELAIS_…` environment variables. README.md lists them; a test compares the two."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Raises `pydantic.ValidationError` when a value is missing or out of its range."""

    model_config = SettingsConfigDict(env_prefix="RELAIS_", extra="ignore", frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address that the front desk listens on.")
    port: int = Field(8080, ge=1, le=65533, description="Port of the front desk; Rasa and the actions take the next two.")
    database_url: str = Field(
        f"sqlite+aiosqlite:///{ROOT / 'var' / 'relais.db'}",
        description="SQLAlchemy URL: sqlite+aiosqlite:///… or postgresql+asyncpg://…",
    )
    assistant_url: str = Field("", description="Base address of Rasa; by default the next port on loopback.")
    actions_url: str = Field("", description="Address of the action server's webhook; by default the second next port.")
    channel_token: SecretStr = Field(description="Bearer token of the assistant's channel.")
    webhook_secrets: SecretStr = Field(
        description="Secrets of the handoff webhook (whsec_…), separated by spaces; each is accepted, the first one signs."
    )
    allowed_origins: str = Field(
        "",
        description="Further origins (https://…), separated by spaces, that may open live sockets and write as agents.",
    )
    widget_ancestors: str = Field("*", description="Sites that may embed the widget, as in CSP frame-ancestors.")
    secure_cookies: bool = Field(False, description="True behind https: the agents' cookie then carries Secure.")
    trust_forwarded: bool = Field(False, description="True behind one proxy that sets X-Forwarded-For itself.")
    assistant_patience: float = Field(4.0, gt=0, le=60, description="Seconds before the citizen is told that it takes longer.")
    assistant_timeout: float = Field(20.0, gt=0, le=120, description="Seconds after which one question to Rasa is given up.")
    assistant_give_up: float = Field(
        180.0, gt=0, le=3600, description="Seconds of errors on one message before it goes to the agents' queue."
    )
    assistant_concurrency: int = Field(16, ge=1, le=256, description="Questions to Rasa at the same time.")
    lease_seconds: float = Field(30.0, gt=0, le=600, description="Life of an agent's claim that is not renewed.")
    conversations_per_minute: int = Field(600, ge=1, description="New conversations a minute and address.")
    messages_per_minute: int = Field(60, ge=1, description="Citizen's messages a minute and conversation.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")

    @model_validator(mode="before")
    @classmethod
    def _ports_follow(cls, values: dict[str, object]) -> dict[str, object]:
        port = int(str(values.get("port") or 8080))
        if not values.get("assistant_url"):
            values["assistant_url"] = f"http://127.0.0.1:{port + 1}"
        if not values.get("actions_url"):
            values["actions_url"] = f"http://127.0.0.1:{port + 2}/webhook"
        return values

    @field_validator("webhook_secrets")
    @classmethod
    def _usable(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().split():
            raise ValueError("at least one secret is needed")
        try:
            for secret in value.get_secret_value().split():
                Webhook(secret)
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("each secret is whsec_ and base64") from None  # the cause would show a part of the secret
        return value

    @cached_property
    def origins(self) -> frozenset[str]:
        """Further allowed origins, without trailing slash."""
        return frozenset(origin.rstrip("/") for origin in self.allowed_origins.split())

    @cached_property
    def signing_secrets(self) -> tuple[str, ...]:
        """The webhook's valid secrets, newest first."""
        return tuple(self.webhook_secrets.get_secret_value().split())
