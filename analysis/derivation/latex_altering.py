"""Words that may change what a sentence states, those that only look as if they did, and remarks that state nothing."""

from __future__ import annotations

import re

__all__ = ["AGAIN", "ALTERS", "ASIDE", "CHANGES", "DENIED", "DENIES", "HARMLESS", "PROVIDED", "REMARK", "SHARE"]

AGAIN = re.compile(r"(?:[,;]|\.)?\s*(?:i\.e\.,?|that is,?|that is to say,?|or,? equivalently,?|equivalently,?|"
                    r"which (?:is|equals|simplifies to|reduces to|"
                    r"rationali[sz]es to)|and (?:this|it) equals|namely,?)")  # fmt: skip
_NO_BOUND = (r"no (?:more|greater|larger|higher|better) than|"
             r"no (?!longer\b)(?:[a-z]+(?:-[a-z]+)* ){0,3}?(?:rule|estimator|classifier|method|algorithm|learner|"
             r"procedure|predictor|decoder|loss|test)(?:s|es)? (?:can |could |ever )*(?:improves?|does better) "
             r"(?:up)?on")  # fmt: skip
_NO_FEATURE = (r"there (?:is|are|remains?) no (?:[a-z-]+ )?(?:gaps?|barriers?|transitions?|peaks?|divergences?|"
               r"ambiguity|contradiction|saddles?|minim(?:um|a)|ties?|free lunch)(?= *(?:[.,;]|$))")  # fmt: skip
_ONE_WOULD = (r"(?:knowing|told|given) (?:(?:the|all|every|their|true|hidden|latent) )*[a-z]+,? "
              r"(?:one|we|you|an oracle) would (?:(?:only|then|just|still) )*(?:pay|incur|suffer|have|get|reach|"
              r"attain|achieve)")  # fmt: skip
HARMLESS = re.compile(rf"{_NO_BOUND}|{_NO_FEATURE}|{_ONE_WOULD}|"
                      r"no (?:(?:other|unbiased|linear|single|learning|convex) )?(?:rule|"
                      r"estimator|classifier|method|algorithm|learner|procedure|predictor|"
                      r"decoder|loss|test)s? (?:can |could |ever )*(?:beats?|(?:do|does|be|achieves?|attains?|have|has|"
                      r"gets?|reach(?:es)?|go(?:es)?)(?: a| an)?(?: (?:risk|error|loss))? (?:better|smaller|lower|less|"
                      r"below)(?: (?:risk|error|loss))?(?: than)?)|log-log|"
                       r"(?:stable|stability|converges?|steps?|step sizes?|learning rates?)(?: \w+)* up to$|"
                       r"(?:ordinary )?least[- ]squares?|mean[- ]squared?(?: error)?|squared? (?:loss|error|"
                       r"bias|exponential|gaussian matri\w*|matri\w*)|"
                       r"inverse wishart|log[- ](?:sobolev|normal|likelihood|loss)|double descent|(?:first|"
                       r"second|third)[- ]order|"
                       r"degrees? of freedom|per (?:dimension|coordinate|sample|step|row|feature)|at most|at least|"
                       r"order of|number of times|adds? up to|one half at|chi-squared?|wrong (?:class|classes|"
                       r"answers?|labels?)")  # fmt: skip
REMARK = re.compile(r", (?:provided|providing|whatever|regardless|irrespective|independent(?:ly)?|slightly|somewhat|"
                     r"since|because|whence|hence|once|after|if|when|whenever|whose|although|though|(?:and|or) so|"
                     r"at (?:every|each|any|all)|(?:in|on) (?:average|expectation|particular|every|the limit|"
                     r"contrast)|uniformly|"
                     r"which (?:for|at|when|shows|vanishes|grows|holds|explains|follows|tends|goes|proves|completes)|"
                     r"exactly|up to and including|so that|so the|so it|as (?:claimed|expected|stated|predicted|"
                     r"was|before|it|in))\b")  # fmt: skip
ASIDE = re.compile(r"\bwhich (?!holds|is (?:valid|true|exact))[^.;:]*\b(?:for|at|when|if|with)$")
PROVIDED = re.compile(r"\b(?:provided|as long as|so long as|if|when|whenever|because|since)\b[^.;:]*")
CHANGES = re.compile(r"\b(?:not|cannot|never|neither|nor|false|wrong|wrongly|incorrect|incorrectly|fails?|"
                      r"instead|rather than|contrary|"
                      r"naive|naively|might|would|could|should not|except|twice|thrice|doubled?|half|halves|"
                      r"a third|one third|quarter|times|"
                      r"multiplied|squares?|squared|roots?|cubed?|minus|plus|negative|opposite|divided|"
                      r"fraction of|per cent|percent|"
                      r"reciprocal|inverse|logarithm|log|exponential of|proportional|scales|units|approximately|"
                      r"roughly|nearly|"
                      r"almost|exceeds|below|above|more than|less than|larger than|smaller than|difference|"
                      r"derivative|complement|"
                      r"up to|leading order|to within|multiple|sum of|product of|of its|tens?|mistake(?:n|nly)?|"
                      r"disproves?|untrue|unless|raised|n't)\b|n't\b|\bno\b(?! rule)")  # fmt: skip
DENIES = re.compile(r"\b(?:not|never|false|wrong\w*|incorrect\w*|might|would|naive\w*|cannot|mistaken\w*)\b|n't\b")
DENIED = re.compile(r"\b(?:is|are|was) (?:not|wrong|false|incorrect|off)\b|\b(?:fails?|cannot hold|does not)\b")
SHARE = re.compile(r"\b(?:an?|the|this|exactly a|only a) (?:fraction|share|proportion|part)$")
ALTERS = re.compile(r"\b(?:differ\w*|(?:reduc|increas|decreas|drop|improv|shr[iu]nk|gain|ris|rose|fall|fell|chang|vari|"
                    r"deviat|overshoot|undershoot|inflat|deflat|bias|off|short|lower|scal|rescal|normali[sz])\w*\b.*\bby|"
                    r"better than|worse than|close to|far from|ratio|relative|multipl\w+|percentage|share|fraction|"
                    r"proportion|bounded|dominat\w+|beyond|outside|least one|order|besides|other than|apart from|"
                    r"compared|unlike|ignor\w+|neglect\w+|loses? only|cut|limits? the|competes?|between|beats?|"
                    r"overestimat\w+|underestimat\w+|mis\w+|supposed\w*|allegedly|conjectur\w+|claimed)\b")  # fmt: skip
