import pytest

from palaver.kernel import errors


def test_a_code_is_defined_once() -> None:
    with pytest.raises(ValueError, match="defined twice"):
        errors.define("meeting_not_found", http=404)


def test_every_error_has_a_status_and_a_key_of_its_own() -> None:
    assert all(400 <= spec.http_status < 600 for spec in errors.REGISTRY.values())
    assert len({spec.message_key for spec in errors.REGISTRY.values()}) == len(errors.REGISTRY)


def test_close_codes_stay_in_the_ranges_that_rfc_6455_leaves_to_us() -> None:
    closing = [spec.close_code for spec in errors.REGISTRY.values() if spec.close_code is not None]
    assert closing
    assert all(code in (1011, 1012, 1013) or 4400 <= code <= 4499 for code in closing)


def test_an_error_shows_its_code_and_not_its_parameters() -> None:
    refusal = errors.PalaverError(errors.RATE_LIMITED, wait_s=10)
    assert str(refusal) == "rate_limited"
    assert refusal.params["wait_s"] == 10
