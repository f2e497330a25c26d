"""Forms that marketers build: asked on a page of ours and in frames on other pages, taken, or held when they
look like a robot's, and looked through."""
