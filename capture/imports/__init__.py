"""Files of leads, companies, activities and outcomes, read in windows of rows and applied set-based.

``reading`` makes rows of bytes, ``rows`` makes prepared rows of those, by the mapping; ``applying`` writes a
window of them; ``running`` ties them together and keeps the counts.
"""
