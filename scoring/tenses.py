"""What a lead did, as something it may yet do: “Requested a demo” → “Requests a demo”."""

_THIRD_PERSON = {
    "Asked": "Asks", "Attended": "Attends", "Became": "Becomes", "Booked": "Books", "Bought": "Buys",
    "Called": "Calls", "Cancelled": "Cancels", "Chatted": "Chats", "Clicked": "Clicks",
    "Completed": "Completes", "Decided": "Decides", "Did": "Does", "Downloaded": "Downloads",
    "Filled": "Fills", "Had": "Has", "Installed": "Installs", "Interacted": "Interacts", "Joined": "Joins",
    "Left": "Leaves", "Made": "Makes", "Marked": "Marks", "Met": "Meets", "Opened": "Opens",
    "Ordered": "Orders", "Played": "Plays", "Posted": "Posts", "Read": "Reads", "Received": "Receives",
    "Registered": "Registers", "Replied": "Replies", "Requested": "Requests", "Saved": "Saves", "Saw": "Sees",
    "Scheduled": "Schedules", "Searched": "Searches", "Sent": "Sends", "Shared": "Shares", "Signed": "Signs",
    "Spoke": "Speaks", "Started": "Starts", "Stayed": "Stays", "Submitted": "Submits",
    "Subscribed": "Subscribes", "Talked": "Talks", "Took": "Takes", "Tried": "Tries",
    "Unsubscribed": "Unsubscribes", "Upgraded": "Upgrades", "Used": "Uses", "Viewed": "Views",
    "Visited": "Visits", "Was": "Is", "Watched": "Watches", "Went": "Goes", "Wrote": "Writes",
}  # fmt: skip


def present(label: str) -> str:
    """The label of an activity type in the present tense; one that begins otherwise is quoted."""
    first, _, rest = label.partition(" ")
    if first not in _THIRD_PERSON:
        return f"“{label}” happens"
    return f"{_THIRD_PERSON[first]} {rest}".rstrip()


def often(times: int, *, again: bool) -> str:
    """How often to do it, to stand behind it: "", " once more", " twice", " 3 times more"."""
    if times == 1:
        return " once more" if again else ""
    return (" twice" if times == 2 else f" {times} times") + (" more" if again else "")
