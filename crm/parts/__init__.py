"""What the parts of a page are given to draw. ``crm.templatetags.ui`` gives them their names in templates."""
