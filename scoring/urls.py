from django.urls import path

from .views import book, definitions

app_name = "scoring"

urlpatterns = [
    path("definitions/", definitions.show_definitions, name="definitions"),
    path("rules/book/", book.show_book, name="book"),
    path("rules/book.md", book.book_markdown, name="book-markdown"),
]
