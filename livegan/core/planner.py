"""What each bar is to be: one that was played before, or what the model makes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .decode import BoolArray
from .holds import Locks, Loop
from .memory import LONGEST, Memory
from .rendering import Cue, Generator, Reply, cue_for, cues_for, make_bar
from .state import State
from .takes import Take, take_of

NO_REPLY = Reply()

Known = TypeVar("Known")


class Planner:
    """Plans the present bar and the one after it. `bar` is the present one's number."""

    def __init__(self, memory: Memory, tune: Sequence[BoolArray]) -> None:
        self.bar = 0
        self._memory, self._tune = memory, tune
        self._takes: dict[int, Take] = {}
        """The bar before the present one, the present one and the next, as they are to be heard."""
        self._given: dict[int, Take] = {}
        """Of these, those that were played before."""
        self._heard: dict[int, BoolArray] = {}
        """What somebody else played in these bars, in place of what we did."""
        self._replies: dict[int, Reply] = {}
        self._old: dict[int, BoolArray] = {}
        """What came before bars that come back, the last that was asked for last."""
        self._entered: int | None = None
        """The last bar that the player told of."""
        self._loop = Loop(memory)
        self._locks = Locks()
        self._again: Take | None = None

    def take(self, bar: int) -> Take | None:
        """The bar before the present one, the present one or the next, as it is to be heard."""
        return self._takes.get(bar)

    def has_entered(self, bar: int) -> bool:
        """Whether this is the bar that the player told of last."""
        return bar == self._entered

    # where the music is

    def go_to(self, bar: int, heard: State) -> None:
        """Be about to play this bar, with nothing before it."""
        self.bar = bar
        self._entered = self._again = None
        self._takes, self._given, self._heard, self._replies, self._old = {}, {}, {}, {}, {}
        self._memory.leave()
        self._loop.set(heard.loop)

    def shift(self, by: int) -> None:
        """All bars are so many further: a leader calls them so."""
        self.bar += by
        self._entered = None
        self._takes = shifted(self._takes, by)
        self._given = shifted(self._given, by)
        self._heard = shifted(self._heard, by)
        self._replies = shifted(self._replies, by)
        self._old = shifted(self._old, by)

    def enter(self, bar: int, revision: int | None) -> None:
        """The player plays this revision of a bar; None: the one before once more."""
        follows = self._memory.present is not None
        self._entered = bar
        self._memory.enter(revision)
        if follows:
            self._takes[bar - 1] = self._memory.past[-1]
        if self._memory.present:
            self._takes.setdefault(bar, self._memory.present)

    def revise(self, bar: int, now: Take) -> None:
        """The bar that plays is heard so."""
        self._locks.revised(self._takes[bar], now)
        self._takes[bar] = now

    def begin(self, bar: int, shown: State, heard: State) -> None:
        """This bar is the present one. If it was given once more, the next one is another."""
        self.bar = bar
        given = self._given.get(bar)
        self._loop.enter(heard.loop, given is not None and given is not self._again)
        self._again = None if given is self._again else self._again
        self._locks.follow((shown, heard), None)

    # what was asked for

    def follow(self, shown: State, heard: State) -> None:
        """The performer has moved something."""
        self._locks.follow((shown, heard), self._takes.get(self.bar))
        if self._memory.present is None:
            self._loop.set(heard.loop)

    def play_again(self, bars: int) -> None:
        """The next bar is to be that of so many bars ago. Raises `BadValue`."""
        self._again = self._memory.ago(bars)

    def repeats(self, heard: State) -> bool:
        """Whether the next bar has something of the present one."""
        return bool(self._again or heard.loop or any(track.lock for track in heard.tracks))

    def goes_round(self, state: State) -> bool:
        """Whether the next bar comes from a loop."""
        return self._loop.coming(state.loop) is not None

    def hear(self, bar: int, roll: BoolArray) -> None:
        """This bar was `[track, step, pitch]`, whoever played it: the one after it follows from it."""
        self._heard = since(self.bar - 1, self._heard) | {bar: roll}

    def reply(self, bar: int, reply: Reply) -> None:
        """The present bar, or the next, is to be so, unless it is one from before."""
        self._replies = since(self.bar, self._replies) | {bar: reply}

    def forget_reply(self, bar: int) -> None:
        self._replies.pop(bar, None)

    # bars

    def keep(self, bar: int, take: Take) -> None:
        """This bar is to be heard so."""
        self._takes = since(self.bar - 1, self._takes) | {bar: take}

    def plan(self, bar: int, generator: Generator, state: State) -> Take:
        """What the present bar or the next is to be. Raises what the generator raises."""
        take = self._from_before(bar, state)
        if take is None:
            self._given.pop(bar, None)
            take = self._made(bar, generator, state)
        else:
            self._given = since(self.bar, self._given) | {bar: take}
        return self._locks.applied(take, state)

    def cue(self, bar: int, generator: Generator, state: State) -> Cue:
        """What the model hears before the next bar, if all of it is new."""
        before = self._followed(bar - 1, bar, len(generator.info.tracks))
        return cue_for(generator, state, bar, self._tune, before)

    def _from_before(self, bar: int, state: State) -> Take | None:
        if self._memory.present is None:  # neither this bar nor the next has begun
            return self._loop.coming(state.loop, bar - self.bar)
        if bar == self.bar:
            return self._given.get(bar)
        return self._again or self._loop.coming(state.loop)

    def _made(self, bar: int, generator: Generator, state: State) -> Take:
        reply = self._replies.get(bar, NO_REPLY)
        state = reply.heard_from(state)
        fits = len(generator.info.tracks)
        cues = cues_for(generator, state, bar, self._tune, lambda n: self._followed(n, bar, fits))
        made = reply.played_in(make_bar(generator, state, *cues))
        for known in self._takes[bar].bars if bar in self._takes else ():
            if known.same_as(made):
                made = known  # so that it is known as the same
        return take_of(made)

    def _followed(self, number: int, bar: int, tracks: int) -> BoolArray | None:
        """The roll of the bar that this one, or something that comes back in it, follows from, if a
        model of so many tracks could have played it."""
        if number < bar - 1:
            roll = self._long_ago(number)
        elif number in self._heard:
            roll = self._heard[number]
        else:
            last = self._takes.get(number)
            roll = last.roll if last else None
        return roll if roll is not None and len(roll) == tracks else None

    def _long_ago(self, number: int) -> BoolArray | None:
        """Known for as long as something comes back from there."""
        then = self._memory.known(self.bar - number)
        roll = self._old.pop(number, None) if then is None else then.roll
        if roll is not None:
            self._old[number] = roll
            self._old = dict([*self._old.items()][-LONGEST:])
        return roll


def shifted(bars: dict[int, Known], by: int) -> dict[int, Known]:
    return {bar + by: known for bar, known in bars.items()}


def since(oldest: int, bars: dict[int, Known]) -> dict[int, Known]:
    return {bar: known for bar, known in bars.items() if bar >= oldest}
