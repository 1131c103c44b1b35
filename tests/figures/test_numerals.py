import pytest

from solvable.figures.numerals import scientific


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (6e-7, 1, "6×10⁻⁷"),
        (1e-5, 1, "10⁻⁵"),
        (1.26e-10, 2, "1.3×10⁻¹⁰"),
        (9.96e-5, 2, "1.0×10⁻⁴"),
        (0.034, 1, "0.03"),
        (0.0, 1, "0"),
        (9.96, 1, "10"),
        (1000, 1, "1,000"),
        (1e5, 1, "10⁵"),
        (-2.5e-4, 2, "-2.5×10⁻⁴"),
    ],
)
def test_numbers_read_as_in_print(value, digits, text):
    assert scientific(value, digits) == text
