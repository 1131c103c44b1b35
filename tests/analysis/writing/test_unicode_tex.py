"""Unicode as TeX: scripts, fractions, accents, roots, names."""

import pytest

from solvable.analysis.writing.unicode_tex import unicode_tex


@pytest.mark.parametrize(
    ("formula", "tex"),
    [
        ("x²", "x^{2}"),
        ("H⁻¹ᵀ", "H^{−1T}"),
        ("Wₜ₊₁", "W_{t+1}"),
        ("¾x", r"\tfrac{3}{4}x"),
        ("M^{−½}", r"M^{−\tfrac{1}{2}}"),
        ("λ̂ + w̄", r"\hat{λ} + \bar{w}"),
        ("√q̂", r"\sqrt{\hat{q}}"),
        ("√λᵢ/α", r"\sqrt{λ_{i}}/α"),
        ("√(1 + √(2n))", r"\sqrt{1 + \sqrt{2n}}"),
        ("2√2 x", r"2\sqrt{2} x"),
        ("σ*²", "σ^{*2}"),
        ("A∗B", "A∗B"),
        ("x ≠ y", "x ≠ y"),
        ("φ′(0)", "φ'(0)"),
        ("‖w‖", r"\Vert w\Vert "),
        ("ln det(2√Σ)", r"\operatorname{ln} \operatorname{det}(2\sqrt{{\rm Σ}})"),
        ("‖β‖²_Σ", r"\Vert β\Vert ^{2}_{\rm Σ}"),
        ("λ_{max} ≤ e^{−ts}", r"λ_{\operatorname{max}} ≤ e^{−ts}"),
        ("K_{NTK}, W_{QK}", r"K_{\operatorname{NTK}}, W_{QK}"),
        ("‖step‖ AB", r"\Vert \operatorname{step}\Vert  AB"),
    ],
)
def test_signs_of_unicode_are_commands_of_tex(formula, tex):
    assert unicode_tex(formula) == tex
