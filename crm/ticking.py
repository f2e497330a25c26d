"""What a tick looks after: imported by the settings."""

#: What ``leads.ticks.tick(name)`` sends on commit. Beat repeats each, so a lost message costs one period.
TICKS = {
    "leads_changed": "scoring.tasks.rescore_changed",
    "published": "scoring.tasks.rescore_everybody",
    "fading": "scoring.tasks.sweep_fading",
    "crossings": "handoff.tasks.run_pipeline",
    "deliveries": "notifications.tasks.deliver_due",
    "calls": "notifications.tasks.make_calls",
    "inbox": "capture.tasks.work_through_inbox",
    "imports": "capture.tasks.go_on_importing",
    "corrections": "capture.tasks.go_on_correcting",
    "confirmations": "capture.tasks.send_confirmations",
    "reviews": "reports.tasks.prepare_reviews",
}
