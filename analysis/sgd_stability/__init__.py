"""Linear stability of SGD at interpolating minima: experiments and claims."""
