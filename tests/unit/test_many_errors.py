"""Several errors at once are told one by one, however they came together."""

from __future__ import annotations

from gitctl.errors import ConfigError, ErrorId, ExitCode, ManyErrors, RenderError, exit_code_of


def test_members_of_members_are_members() -> None:
    one, two, three = (
        ConfigError("one", id=ErrorId.CONFIG_TYPE),
        ConfigError("two", id=ErrorId.CONFIG_TYPE),
        RenderError("three", id=ErrorId.RENDER_FAILED),
    )
    many = ManyErrors([ManyErrors([one, two]), three])
    assert many.errors == (one, two, three)
    assert str(many) == "3 errors"
    assert exit_code_of(many) is ExitCode.RENDER
