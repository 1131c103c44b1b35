"""Why it generalises: smoothers, long tails, expressivity, information bounds, PAC-Bayes, inductive bias."""
