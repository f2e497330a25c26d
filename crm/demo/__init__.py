"""Made-up data: a believable company to look at (``seed_demo``) and any number of leads to measure on
(``seed``). Every name is invented and every domain ends in ``.example``."""
