from django.urls import path

from .views import (
    aftermath,
    book,
    crossings,
    definitions,
    proof,
    rule_effects,
    rule_parts,
    rules,
    trigger_health,
    versions,
)

app_name = "scoring"

urlpatterns = [
    path("definitions/", definitions.show_definitions, name="definitions"),
    path("definitions/words/", definitions.words, name="definition-words"),
    path(
        "definitions/words/<int:writtendefinition_number>/signature/",
        definitions.words_signature,
        name="definition-signature",
    ),
    path("rules/book/", book.show_book, name="book"),
    path("rules/book.md", book.book_markdown, name="book-markdown"),
    path("rules/", rules.rules, name="rules"),
    path("rules/parts/", rule_parts.parts, name="rule-parts"),
    path("rules/drafts/", rules.drafts, name="rule-drafts"),
    path("rules/health/", trigger_health.show_trigger_health, name="trigger-health"),
    path("rules/starters/", rules.starters, name="rule-starters"),
    path("rules/preview/", rule_effects.effect, name="rule-preview"),
    path("rules/past/", rule_effects.past, name="rule-past"),
    path("rules/figures/", rule_effects.figures, name="rule-figures"),
    path("rules/moves/", rule_effects.moves, name="rule-moves"),
    path("rules/versions/", versions.versions, name="versions"),
    path("rules/versions/<int:modelversion_number>/", versions.version, name="version"),
    path("rules/versions/<int:modelversion_number>/draft/", versions.draft, name="version-draft"),
    path("rules/versions/<int:modelversion_number>/check/", versions.check, name="version-check"),
    path(
        "rules/versions/<int:modelversion_number>/check/undo/", versions.reopening, name="version-check-undo"
    ),
    path("rules/versions/<int:modelversion_number>/signature/", versions.signature, name="version-signature"),
    path(
        "rules/versions/<int:modelversion_number>/publication/",
        versions.publication,
        name="version-publication",
    ),
    path("rules/versions/<int:modelversion_number>/comeback/", versions.comeback, name="version-comeback"),
    path("rules/versions/<int:modelversion_number>/removal/", versions.removal, name="version-removal"),
    path("rules/aftermath/", aftermath.aftermath, name="aftermath"),
    path("rules/fallen/", aftermath.fallen, name="fallen"),
    path("rules/reviews/", versions.reviews, name="reviews"),
    path("rules/agreement/", versions.agreement, name="agreement"),
    path("rules/crossings/", crossings.crossings, name="crossings"),
    path("rules/crossings/release/", crossings.release, name="crossings-release"),
    path("rules/proof/", proof.proof, name="proof"),
    path("rules/proof/leads/", proof.proof_leads, name="proof-leads"),
    path("rules/suggestions/", proof.show_suggestions, name="suggestions"),
    path("rules/suggestions/drafts/", proof.suggested_drafts, name="suggested-drafts"),
    path("rules/suggestions/models/", proof.learned_drafts, name="learned-drafts"),
]
