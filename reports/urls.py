from django.urls import path

from .views import agreed, conversion, metrics, readiness, review_verbs, reviews, sent_back, speed

app_name = "reports"

urlpatterns = [
    path("reports/figures/", metrics.show_metrics, name="metrics"),
    path("reports/agreed/", agreed.agreed_values, name="agreed"),
    path("reports/agreed/<uuid:agreedvalue_id>/signature/", agreed.signature, name="agreed-signature"),
    path("reports/agreed/<uuid:agreedvalue_id>/withdrawal/", agreed.withdrawal, name="agreed-withdrawal"),
    path("reports/conversion/", conversion.report, name="conversion"),
    path("reports/conversion/file/", conversion.report_file, name="conversion-file"),
    path("reports/conversion/leads/", conversion.leads, name="conversion-leads"),
    path("reports/conversion/leads/file/", conversion.leads_file, name="conversion-leads-file"),
    path("reports/sent-back/", sent_back.report, name="sent-back"),
    path("reports/sent-back/file/", sent_back.report_file, name="sent-back-file"),
    path("reports/sent-back/leads/", sent_back.leads, name="sent-back-leads"),
    path("reports/sent-back/leads/file/", sent_back.leads_file, name="sent-back-leads-file"),
    path("reports/speed/", speed.report, name="speed"),
    path("reports/speed/file/", speed.report_file, name="speed-file"),
    path("reports/speed/leads/", speed.leads, name="speed-leads"),
    path("reports/speed/leads/file/", speed.leads_file, name="speed-leads-file"),
    path("reports/readiness/", readiness.checklist, name="readiness"),
    path("reviews/", reviews.all_reviews, name="reviews"),
    path("reviews/weekly/", reviews.newest, {"kind": "weekly"}, name="newest-weekly"),
    path("reviews/monthly/", reviews.newest, {"kind": "monthly"}, name="newest-monthly"),
    path("reviews/preparation/", reviews.preparation, name="review-preparation"),
    path("reviews/todos/<uuid:todo_id>/done/", review_verbs.todo_done, name="todo-done"),
    path("reviews/<uuid:review_id>/", reviews.show, name="review"),
    path("reviews/<uuid:review_id>/file/", reviews.figures_of, name="review-file"),
    path("reviews/<uuid:review_id>/answers/", review_verbs.answers, name="review-answers"),
    path("reviews/<uuid:review_id>/todos/", review_verbs.todos, name="review-todos"),
    path("reviews/<uuid:review_id>/talks/<uuid:talk_id>/word/", review_verbs.word, name="review-word"),
    path(
        "reviews/<uuid:review_id>/proposals/<uuid:reviewproposal_id>/signature/",
        review_verbs.proposal_signature,
        name="review-proposal-signature",
    ),
    path(
        "reviews/<uuid:review_id>/proposals/<uuid:reviewproposal_id>/not-yet/",
        review_verbs.not_yet,
        name="review-not-yet",
    ),
    path("reviews/<uuid:review_id>/suggestions/", review_verbs.suggestion, name="review-suggestion"),
    path("reviews/<uuid:review_id>/signature/", review_verbs.signature, name="review-signature"),
]
