"""Rolling windows score each token once and are those of lm-evaluation-harness."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness_torch.rolling import Window, rolling_windows


def windows(count: int, length: int) -> list[Window]:
    return list(rolling_windows(range(count), prefix=99, length=length))


def test_windows_are_those_of_the_reference() -> None:
    # lm-evaluation-harness, tests/test_utils.py: test_get_rolling_token_windows_v1,
    # after its make_disjoint_window
    assert windows(34, 10) == [
        Window([99], list(range(10))),
        Window([9], list(range(10, 20))),
        Window([19], list(range(20, 30))),
        Window([23, 24, 25, 26, 27, 28, 29], [30, 31, 32, 33]),
    ]


def test_further_windows_may_score_less_so_that_more_stands_before() -> None:
    found = list(rolling_windows(range(9), prefix=99, length=4, step=2))
    assert found == [
        Window([99], [0, 1, 2, 3]),
        Window([1, 2, 3], [4, 5]),
        Window([3, 4, 5], [6, 7]),
        Window([4, 5, 6, 7], [8]),
    ]


def test_a_short_text_is_one_window_after_the_prefix() -> None:
    assert windows(3, 10) == [Window([99], [0, 1, 2])]


def test_a_text_as_long_as_the_model_is_one_window() -> None:
    assert windows(10, 10) == [Window([99], list(range(10)))]


def test_no_text_has_no_window() -> None:
    assert windows(0, 10) == []


def test_a_model_of_one_token_sees_the_one_before() -> None:
    assert windows(3, 1) == [Window([99], [0]), Window([0], [1]), Window([1], [2])]


@given(count=st.integers(0, 60), length=st.integers(1, 12))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_each_token_is_scored_once_after_those_before_it(
    count: int, length: int
) -> None:
    cut = windows(count, length)
    whole = [99, *range(count)]
    assert [token for window in cut for token in window.scored] == whole[1:]
    for context, scored in cut:
        last = 1 + scored[-1]
        read = context + scored
        assert read == whole[last + 1 - len(read) : last + 1]
        assert len(read) - 1 <= length
    for context, scored in cut[1:]:
        assert len(context) + len(scored) - 1 == length
