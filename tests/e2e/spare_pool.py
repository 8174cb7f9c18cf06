"""Gateways with spares: how to ask for some, to wait for them, and to see who was answered by one."""

import proc_tree


def spares(count, **settings):
    """Settings that keep so many spares of the default model. They may take a third of the cap."""
    return {"process_pool__size": count, "process_pool__min_idle": count,
            "process_pool__max_idle": count, **settings}


def wait_ready(gateway, count, seconds=10):
    """Waits until exactly so many spares are ready and none boots; gives the figures."""
    def ready():
        shown = gateway.stats()["spares"]
        return shown if (shown["ready"], shown["booting"]) == (count, 0) else None
    return proc_tree.wait_until(ready, seconds, f"{count} spares ({gateway.stats()['spares']})")


def wait_primed(gateway, count):
    return proc_tree.wait_until(lambda: gateway.stats()["spares"]["primed"] == count, 10,
                                f"{count} primed spares ({gateway.stats()['spares']})")


def how_started(reply):
    return reply.timing["boot"][1]


def on_a_spare(reply):
    """Its process had been started ahead."""
    return how_started(reply) in ("spare", "primed spare")
