"""How operations come in and answers go out: HTTP, server-sent events, WebSockets. It knows nothing of recruiting."""
