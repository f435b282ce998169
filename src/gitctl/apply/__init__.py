"""Apply: carry out a plan wave by wave, wait until it works, delete what is no longer wanted. Sees a Target, nothing behind it."""
