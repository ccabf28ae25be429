"""What an `api:` model's name says."""

from __future__ import annotations

import pytest

from harness import ModelName, UsageError
from harness_api.settings import Settings, read_key, read_settings

URL = "http://localhost:8000/v1"
NAME = f"api:{URL},model=x"


def read(text: str) -> Settings:
    return read_settings(ModelName.parse(text))


def test_a_name_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert read(NAME) == Settings(title=NAME, url=URL, model="x")


def test_a_slash_at_the_end_of_the_address_is_left_out() -> None:
    assert read(f"api:{URL}/,model=x").url == URL


def test_every_option_is_read() -> None:
    settings = read(
        f"{NAME},revision=2,endpoint=chat,concurrency=3,retries=0,timeout=1.5,"
        "requests_per_minute=30,reasoning_tokens=9,price_in=0.5,price_out=2,key_env=K"
    )
    assert settings == Settings(
        title=settings.title,
        url=URL,
        model="x",
        revision="2",
        endpoint="chat",
        concurrency=3,
        retries=0,
        timeout_s=1.5,
        requests_per_minute=30.0,
        reasoning_tokens=9,
        token_prices=(0.5, 2.0),
        key_env="K",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "does not say which model to ask: write api:http://localhost:8000/v1,"),
        ("model=x,colour=red", "unknown option 'colour': expected one of model, revis"),
        ("model=x,endpoint=talk", "endpoint 'talk': expected auto or chat or compl"),
        ("model=x,concurrency=0", "concurrency '0': expected a whole number from 1"),
        ("model=x,retries=-1", "retries '-1': expected a whole number from 0"),
        ("model=x,timeout=soon", "timeout 'soon': expected a number above 0"),
        ("model=x,timeout=inf", "timeout 'inf': expected a number above 0"),
        ("model=x,requests_per_minute=0", "minute '0': expected a number above 0"),
        ("model=x,price_in=-1", "price_in '-1': expected a number above 0"),
    ],
)
def test_a_wrong_option_says_what_is_expected(options: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(f"api:{URL},{options}" if options else f"api:{URL}")


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/v1", "http://x:port/"])
def test_a_wrong_address_shows_a_right_one(url: str) -> None:
    with pytest.raises(UsageError, match="write one such as api:http://localhost:8000"):
        read(f"api:{url},model=x")


@pytest.mark.parametrize(
    "url", ["http://me:secret@x/v1", "http://x/v1?key=secret", "http://x/v1#secret"]
)
def test_an_address_that_may_hold_a_key_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="name that with key_env=") as caught:
        read(f"api:{url},model=x")
    assert "secret" not in str(caught.value)


def test_the_usual_key_is_sent_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\n")
    assert read_key(read(NAME)) == "sk-1"
    assert read_key(read(f"{NAME},key_env=")) == ""


def test_no_key_is_sent_where_none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert read_key(read(NAME)) == ""


@pytest.mark.parametrize("value", ["", "two words", "schlüssel", "a\x07b"])
def test_what_is_no_key_is_refused_and_not_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", value)
    with pytest.raises(UsageError, match="variable MINE holds no key") as caught:
        read_key(read(f"{NAME},key_env=MINE"))
    assert not value or value not in str(caught.value)


def test_settings_hold_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "sk-secret")
    assert "sk-secret" not in repr(read(f"{NAME},key_env=MINE"))
