"""One web process on the listening socket that the supervisor hands over as standard input.

The socket belongs to the supervisor, so a web process that dies and comes back closes no door.
"""

import socket

import uvicorn


def main() -> None:
    config = uvicorn.Config(
        "crm.asgi:application",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # settings.TRUSTED_PROXIES says whom to believe
        log_config=None,
        # The live stream never ends by itself: browsers reconnect to the next process.
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=0)])


if __name__ == "__main__":
    main()
