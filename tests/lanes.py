"""Which worker runs what: few stories with a browser at once, and what mostly waits beside them.

A call of three browsers fills two cores, so one worker has the stories while the others have the rest. Nobody helps it
when the rest is done: two calls on two cores take as long as one after the other, and their pages starve.
"""

from collections.abc import Mapping

from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

BROWSER = ":browser"


def lanes(workers: int) -> int:
    """How many of so many workers may have stories at once, while there is anything else."""
    return max(1, (workers - 1) // 2) if workers > 1 else 0


def next_unit(waiting: Mapping[str, int], *, workers: int, others_with_stories: int, had_stories: bool) -> str | None:
    """The name of what a worker runs next, None for nothing any more; *waiting* is how many tests each unit has.

    Whoever *had_stories* gets no other tests: the driver of browsers keeps the event loop of its worker.
    """
    stories = [name for name in waiting if name.endswith(BROWSER)]
    rest = [name for name in waiting if not name.endswith(BROWSER)]
    # A worker alone has the stories last.
    is_free = had_stories or others_with_stories < (lanes(workers) if rest else max(1, lanes(workers)))
    if stories and is_free:
        # The longest first, so that two lanes end together.
        return max(stories, key=lambda name: waiting[name])
    return rest[0] if rest and not had_stories else None


class BrowsersApart(LoadGroupScheduling):  # type: ignore[misc]  # xdist tells no types
    """The scheduling of `--dist loadgroup`, but for what is taken from the queue."""

    def _has_stories(self, node: WorkerController) -> bool:
        return not node.shutting_down and any(name.endswith(BROWSER) for name in self.assigned_work.get(node, ()))

    def _assign_work_unit(self, node: WorkerController) -> None:
        chosen = next_unit(
            {name: len(tests) for name, tests in self.workqueue.items()},
            workers=self.numnodes,
            others_with_stories=sum(self._has_stories(one) for one in self.nodes if one is not node),
            had_stories=self._has_stories(node),
        )
        if chosen is None:
            # It ends what it has.
            node.shutdown()
            return
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)
