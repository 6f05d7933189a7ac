"""From music to bars: what a file holds comes out as the bars that the archive promises."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pypianoroll
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR
from livegan_train.prepare.alignment import align, downbeats
from livegan_train.prepare.choosing import sample_of, splits_of
from livegan_train.prepare.likeness import Likenesses
from livegan_train.prepare.likeness import signature as fingerprint
from livegan_train.prepare.midi import parse
from livegan_train.prepare.reading import Drawn, Refused, Result, read_source
from livegan_train.prepare.song import Settings
from livegan_train.prepare.sources import BadSource, Source, find_sources, only_listed
from livegan_train.prepare.tracks import parse_plan, plan_of

from .music_files import (
    STEP,
    TICKS,
    MidiNote,
    note_events,
    part,
    signature,
    tempo,
    track_of,
    tune,
    write_index,
    write_midi,
    write_old_pianoroll,
)

PIANO = Settings(plan=plan_of(["Piano"]))


def read(path: Path, made: Settings = PIANO) -> Result:
    return read_source(Source(path, path.name, "midi", path.name), made)


def rolls(result: Result, made: Settings = PIANO) -> np.ndarray:
    """Bool `[bar, step, pitch, track]` of a result that must be bars."""
    assert isinstance(result, Drawn), result
    shape = (made.steps_per_bar, made.pitches, len(result.tracks))
    packed = np.frombuffer(zlib.decompress(result.packed), np.uint8).reshape(len(result.bar_index), -1)
    bits = np.unpackbits(packed, axis=1, count=int(np.prod(shape)))
    return bits.reshape(-1, *shape).astype(bool)


def runs(roll: np.ndarray) -> list[MidiNote]:
    """Maximal runs of a roll `[step, pitch]`, as notes."""
    padded = np.pad(roll.T, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    pitches, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    found = zip(
        starts.tolist(), (ends - starts).tolist(), (pitches + LOWEST_PITCH).tolist(), strict=True
    )
    return sorted(found)


def test_a_note_is_a_run_of_steps_from_its_pitch(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [part([(0, 24, 60), (30, 6, 107), (40, 1, 24)])])
    assert runs(rolls(read(path))[0, :, :, 0]) == [(0, 24, 60), (30, 6, 107), (40, 1, 24)]


def test_a_pitch_that_is_struck_again_is_off_for_the_step_before(tmp_path: Path) -> None:
    held = [(0, 40, 60), (12, 6, 60), (18, 6, 60), (24, 1, 60), (25, 4, 60)]
    path = write_midi(tmp_path / "a.mid", [part(held[:1]), part(held[1:], channel=1)])
    assert runs(rolls(read(path))[0, :, :, 0]) == [(0, 11, 60), (12, 5, 60), (18, 5, 60), (24, 5, 60)]


def test_a_note_goes_on_at_the_next_bar(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [part([(90, 200, 60)])])
    drawn = rolls(read(path))[..., 60 - LOWEST_PITCH, 0]
    assert drawn.shape[0] == 4
    assert drawn.reshape(-1).nonzero()[0].tolist() == list(range(90, 290))


def test_notes_outside_the_pitches_are_left_out_and_bars_trimmed(tmp_path: Path) -> None:
    notes = [(0, 6, 23), (96, 6, 108), (200, 6, 60), (400, 6, 12)]
    drawn = read(write_midi(tmp_path / "a.mid", [part(notes)]))
    assert isinstance(drawn, Drawn)
    assert drawn.bar_index.tolist() == [2]
    assert rolls(drawn).sum() == 6


def test_families_follow_the_program_at_the_onset_and_drums_the_channel(tmp_path: Path) -> None:
    change = mido.Message("program_change", program=33)
    mixed = track_of([*note_events([(0, 6, 60)]), (10 * STEP, change), *note_events([(12, 6, 40)])])
    drums = part([(0, 30, 36), (30, 0, 38)], program=40, channel=9)
    strings, effects = part([(0, 6, 70)], 48, 2), part([(0, 6, 80)], 121, 3)
    path = write_midi(tmp_path / "a.mid", [mixed, drums, strings, effects])
    five = Settings(plan=plan_of(["Drums", "Piano", "Guitar", "Bass", "Strings"]))
    drawn = rolls(read(path, five), five)[0]
    found = [runs(drawn[:, :, track]) for track in range(5)]
    assert found == [[(0, 1, 36), (30, 1, 38)], [(0, 6, 60)], [], [(12, 6, 40)], [(0, 6, 70)]]


def test_tracks_are_merged_and_seventeen_families_read(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [part([(0, 6, 60)]), part([(0, 6, 64)], 19, 1)])
    merged = Settings(families="lpd17", plan=parse_plan("Keys=piano+Organ, Bass"))
    drawn = rolls(read(path, merged), merged)[0]
    assert runs(drawn[:, :, 0]) == [(0, 6, 60), (0, 6, 64)]
    assert not drawn[:, :, 1].any()


def test_tracks_can_go_by_their_names(tmp_path: Path) -> None:
    parts = [part([(0, 6, 60)], name="Lead Vox"), part([(0, 6, 64)], channel=1)]
    named = Settings(families="names", plan=parse_plan("Voice=lead vox"))
    path = write_midi(tmp_path / "a.mid", parts)
    assert runs(rolls(read(path, named), named)[0, :, :, 0]) == [(0, 6, 60)]


@pytest.mark.parametrize("text", ["A,a", "A=B+C,D=c", "A=", "=A", "A,,B"])
def test_a_plan_that_uses_a_track_twice_or_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|expected"):
        parse_plan(text)


def test_bars_of_other_metres_are_cuts(tmp_path: Path) -> None:
    heads = [signature(0, 4, 4), signature(192, 3, 4), signature(264, 2, 2), signature(264 + 150, 4, 4)]
    notes = [(start, 6, 60) for start in range(0, 700, 24)]
    path = write_midi(tmp_path / "a.mid", [part(notes)], heads)
    drawn = read(path)
    assert isinstance(drawn, Drawn)
    assert drawn.bar_index.tolist() == [0, 1, 3, 5, 6, 7]  # 2 is the 3/4 bar, 4 was cut short
    waltz = read(path, replace(PIANO, metre=(3, 4)))
    assert isinstance(waltz, Drawn)
    assert waltz.bar_index.tolist() == [2]
    assert rolls(waltz, replace(PIANO, metre=(3, 4))).shape[1] == 72


def test_a_repeated_signature_begins_a_bar_too(tmp_path: Path) -> None:
    heads = [signature(0, 4, 4), signature(24, 4, 4)]
    drawn = read(write_midi(tmp_path / "a.mid", [part([(24, 6, 60), (120, 6, 62)])], heads))
    assert isinstance(drawn, Drawn)
    assert drawn.bar_index.tolist() == [1, 2]
    assert runs(rolls(drawn).reshape(-1, PITCHES)) == [(0, 6, 60), (96, 6, 62)]


def test_other_grids_scale_the_steps(tmp_path: Path) -> None:
    made = replace(PIANO, steps_per_beat=4, lowest_pitch=48, pitches=36)
    drawn = rolls(read(write_midi(tmp_path / "a.mid", [part([(24, 48, 60)])]), made), made)
    assert drawn.shape == (1, 16, 36, 1)
    assert drawn[0, :, 12, 0].nonzero()[0].tolist() == list(range(4, 12))


def test_snapping_moves_onsets_near_a_sixteenth(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", [part([(2, 4, 60), (21, 6, 62), (28, 3, 64)])])
    drawn = rolls(read(path, replace(PIANO, snap=2)))[0, :, :, 0]
    assert runs(drawn) == [(0, 6, 60), (21, 6, 62), (30, 1, 64)]


def test_the_longest_tempo_is_the_songs(tmp_path: Path) -> None:
    heads = [tempo(0, 60), tempo(24, 90), tempo(240, 200)]
    drawn = read(write_midi(tmp_path / "a.mid", [part([(0, 300, 60)])], heads))
    assert isinstance(drawn, Drawn)
    assert drawn.bpm == pytest.approx(90, abs=0.01)


NOTES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 120), st.integers(24, 107)), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(NOTES)
def test_a_roll_written_as_midi_is_read_as_the_same_roll(
    tmp_path_factory: pytest.TempPathFactory, notes: list[MidiNote]
) -> None:
    roll = np.zeros((6 * STEPS_PER_BAR, PITCHES), bool)
    for start, length, pitch in sorted(notes):
        if start:
            roll[start - 1, pitch - LOWEST_PITCH] = False
        roll[start : start + length, pitch - LOWEST_PITCH] = True
    bars = roll.reshape(6, STEPS_PER_BAR, PITCHES)
    full = bars.any(axis=(1, 2)).nonzero()[0]
    path = write_midi(tmp_path_factory.mktemp("roll") / "a.mid", [part(runs(roll))])
    drawn = read(path)
    assert np.array_equal(rolls(drawn)[..., 0], bars[full[0] : full[-1] + 1])


EVENTS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 15), st.integers(0, 127), st.booleans()), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_symusic_and_mido_hear_the_same_notes(events: list[tuple[int, int, int, bool]]) -> None:
    file = mido.MidiFile(ticks_per_beat=96)
    file.tracks.append(mido.MidiTrack())
    for wait, channel, pitch, on in events:
        velocity = 64 if on else 0
        file.tracks[0].append(
            mido.Message("note_on", note=pitch, velocity=velocity, channel=channel, time=wait)
        )
    out = io.BytesIO()
    file.save(file=out)
    waiting: dict[tuple[int, int], list[int]] = {}
    heard, now = [], 0
    for wait, channel, pitch, on in events:
        now += wait
        if on:
            waiting.setdefault((channel, pitch), []).append(now)
        elif waiting.get((channel, pitch)):
            heard.append((waiting[channel, pitch].pop(0), now, pitch, channel == 9))
    read_ones = [
        (int(start), int(end), int(pitch), track.drum)
        for track in parse(out.getvalue()).tracks
        for start, end, pitch in zip(track.start, track.end, track.pitch, strict=True)
    ]
    assert sorted(read_ones) == sorted(heard)


def raw(messages: list[tuple[int, bytes]], division: int = TICKS, kind: int = 0) -> bytes:
    """A MIDI file byte by byte, for what mido would not write."""
    body = b""
    for wait, message in messages:
        groups = [wait & 127]
        while wait := wait >> 7:
            groups.insert(0, 128 | wait & 127)
        body += bytes(groups) + message
    body += b"\0\xff\x2f\0"
    head = b"MThd" + struct.pack(">IHHH", 6, kind, 1, division)
    return head + b"MTrk" + struct.pack(">I", len(body)) + body


ON, OFF = b"\x90\x3c\x40", b"\x80\x3c\x00"
WHOLE = raw([(0, ON), (96, OFF)])
REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"hello, world, this is no music", "not a MIDI file"),
    "header only": (WHOLE[:14], "no notes"),
    "truncated": (WHOLE[:-6], "damaged"),
    "SMPTE": (raw([(0, ON), (96, OFF)], 0xE728), "SMPTE"),
    "no division": (raw([(0, ON), (96, OFF)], 0), "no ticks"),
    "type 2": (raw([(0, ON), (96, OFF)], kind=2), "type 2"),
    "no notes": (raw([(0, b"\xc0\x05")]), "no notes"),
    "never ends": (raw([(0, ON)]), "no notes"),
    "overflow": (raw([(0x0FFFFFFF, ON), (0x0FFFFFFF, OFF)] * 6), "ticks"),
    "a year long": (raw([(0, ON), (0x0FFFFFFF, OFF)], 96), "longer than"),
    "other metre": (raw([(0, b"\xff\x58\x04\x03\x02\x18\x08"), (0, ON), (96, OFF)]), "no bars of 4/4"),
    "only effects": (raw([(0, b"\xc0\x7f"), (0, ON), (96, OFF)]), "no notes"),
    "too high": (raw([(0, b"\x90\x7f\x40"), (96, b"\x80\x7f\x00")]), "nothing sounds"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_bars_is_refused_with_one_line(tmp_path: Path, case: str) -> None:
    data, reason = REFUSED[case]
    path = tmp_path / "a.mid"
    path.write_bytes(data)
    result = read(path)
    assert isinstance(result, Refused)
    assert reason in result.reason
    assert "\n" not in result.reason


ACCEPTED = {
    "tempo 0": raw([(0, b"\xff\x51\x03\0\0\0"), (0, ON), (96, OFF)]),
    "zero length": raw([(0, ON), (0, OFF)]),
    "metre of zero beats": raw([(0, b"\xff\x58\x04\x00\x02\x18\x08"), (0, ON), (96, OFF)]),
    "strange bytes": raw([(0, b"\x90\xc8\xff"), (0, ON), (96, OFF)]),
    "RIFF": b"RIFF" + struct.pack("<I", 99) + b"RMIDdata" + struct.pack("<I", len(WHOLE)) + WHOLE,
    "rubbish behind": WHOLE + b"XFIH\0\0\0\x04abcd",
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_odd_files_are_read(tmp_path: Path, case: str) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(ACCEPTED[case])
    assert rolls(read(path)).any()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 80), st.integers(0, 20))
def test_damaged_files_never_raise(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, at: int, lost: int
) -> None:
    good = raw([(0, ON), (96, OFF), (0, b"\xff\x58\x04\x04\x02\x18\x08"), (0, ON), (400, OFF)])
    path = tmp_path_factory.mktemp("damaged") / "a.mid"
    path.write_bytes(good[:at] + rubbish + good[at + lost :])
    assert isinstance(read(path), Drawn | Refused)


def test_hours_are_cut_to_the_first_bars(tmp_path: Path) -> None:
    notes = [(96 * bar, 90, 60) for bar in range(0, 5000, 10)]
    path = write_midi(tmp_path / "a.mid", [part(notes)])
    cut, whole = read(path), read(path, replace(PIANO, max_bars=20_000))
    assert isinstance(cut, Drawn)
    assert isinstance(whole, Drawn)
    assert (len(cut.bar_index), len(whole.bar_index)) == (400, 4991)
    assert rolls(whole).sum() == 500 * 90
    assert np.array_equal(rolls(whole)[:400], rolls(cut))


def band() -> dict[str, tuple[int, bool, np.ndarray]]:
    """Two tracks of two bars, `[step, 128]`."""
    drums, piano = np.zeros((192, 128), bool), np.zeros((192, 128), bool)
    drums[::24, 36] = True
    piano[0:23, 60] = piano[24:47, 60] = piano[90:120, 64] = True
    return {"Drums": (0, True, drums), "Piano": (0, False, piano)}


def test_old_and_new_piano_rolls_are_the_bars_they_hold(tmp_path: Path) -> None:
    made = Settings(plan=plan_of(["Drums", "Piano"]))
    tracks = [
        pypianoroll.BinaryTrack(name=name, program=program, is_drum=drum, pianoroll=roll)
        for name, (program, drum, roll) in band().items()
    ]
    pypianoroll.save(tmp_path / "new.npz", pypianoroll.Multitrack(resolution=24, tracks=tracks))
    write_old_pianoroll(tmp_path / "old.npz", band(), 24)
    expected = np.stack([roll for _, _, roll in band().values()], axis=2)
    expected = expected[:, LOWEST_PITCH : LOWEST_PITCH + PITCHES].reshape(2, 96, PITCHES, 2)
    for name in ("new.npz", "old.npz"):
        result = read_source(Source(tmp_path / name, name, "lakh", name), made)
        assert np.array_equal(rolls(result, made), expected), name


def test_a_piano_roll_of_another_resolution_is_scaled(tmp_path: Path) -> None:
    roll = np.zeros((64, 128), bool)
    roll[4:8, 60] = True
    path = write_old_pianoroll(tmp_path / "a.npz", {"Piano": (0, False, roll)}, 4)
    drawn = rolls(read_source(Source(path, "a", "lakh", "a"), PIANO))
    assert runs(drawn[0, :, :, 0]) == [(24, 24, 60)]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", None])
def test_other_npz_files_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.npz"
    if content is None:
        np.savez(path, bars=np.zeros(3))
    else:
        path.write_bytes(content)
    result = read_source(Source(path, "a", "lakh", "a"), PIANO)
    assert isinstance(result, Refused)
    assert "not a piano roll" in result.reason


def pop909_song(folder: Path, odd: bool = False) -> Path:
    """A song of eight bars from beat 3 on whose beats lie a little beside its ticks; with `odd`, half a
    bar more after the fourth bar."""
    melody = tune(5, 8)
    shift = 3 * 24
    late = [
        (s + shift + (48 if odd and s >= 4 * 96 else 0), length, pitch) for s, length, pitch in melody
    ]
    name = folder.name
    parts = [part(late, name="MELODY"), part(late, channel=1, name="BRIDGE")]
    parts.append(part([(s, n, p - 12) for s, n, p in late], channel=2, name="PIANO"))
    write_midi(folder / f"{name}.mid", parts, [tempo(0, 100), signature(0, 1, 4)])
    beats = 0.6 * np.arange(45) - 0.02
    (folder / "beat_midi.txt").write_text("".join(f"{b} {i % 2} 0.0\n" for i, b in enumerate(beats)))
    aligned = "".join(f"{pitch} 2\n" for _, _, pitch in melody)
    (folder / "human_aligned_melody.txt").write_text(aligned)
    return folder


def test_pop909_goes_through_its_beats_and_its_aligned_melody(tmp_path: Path) -> None:
    pop909_song(tmp_path / "POP" / "007")
    write_index(tmp_path / "POP" / "index.xlsx", {"007": ("A song", 2, 2), "008": ("A waltz", 3, 2)})
    pop909_song(tmp_path / "POP" / "008")
    song, waltz = find_sources([tmp_path], tmp_path / "out.npz", pytest.fail)
    assert (song.name, song.kind, song.group, song.duple) == ("007", "pop909", "A song", True)
    made = Settings(plan=plan_of(["MELODY"]))
    drawn = rolls(read_source(song, made), made)
    assert drawn.shape[0] == 8
    starts = [start for start, _, _ in runs(drawn.reshape(-1, PITCHES))]
    assert starts == [12 * place for place in range(64)]
    refused = read_source(waltz, made)
    assert isinstance(refused, Refused)
    assert "metre" in refused.reason


def test_an_odd_bar_in_pop909_is_a_cut(tmp_path: Path) -> None:
    folder = pop909_song(tmp_path / "007", odd=True)
    made = Settings(plan=plan_of(["MELODY", "BRIDGE", "PIANO"]))
    drawn = read_source(Source(folder / "007.mid", "007", "pop909", "007"), made)
    assert isinstance(drawn, Drawn)
    jumps = np.flatnonzero(np.diff(drawn.bar_index) != 1)
    assert (len(drawn.bar_index), jumps.tolist()) == (7, [2])
    assert rolls(drawn, made)[3, 0].any()


def test_alignment_finds_the_distance_and_where_it_changes() -> None:
    random = np.random.default_rng(1)
    position, pitch = np.arange(0, 400, 2), random.integers(50, 80, 200)
    onset = position + np.where(position < 200, 12, 20)
    pitch_played = pitch.copy()
    pitch_played[::9] += 1  # wrong notes
    found = align(position, pitch, onset, pitch_played)
    assert set(found.distance.tolist()) == {12, 20}
    assert found.found > 0.85
    lines = downbeats(found, 0.0, 430.0)
    gaps = np.diff(lines)
    assert sorted(set(gaps.tolist())) == [16, 24]
    assert (gaps == 24).sum() == 1


def test_a_transposed_copy_is_nearly_the_same_song_and_another_is_not() -> None:
    def print_of(seed: int, up: int = 0, late: int = 0, without: int = 0) -> np.ndarray:
        notes = np.array(tune(seed, 40))[without:]
        found = fingerprint(notes[:, 0] + late, notes[:, 2] + up, 24)
        assert found is not None
        return found

    known = Likenesses()
    known.add("first", print_of(1))
    assert known.like(print_of(1, up=5)) == "first"
    assert known.like(print_of(1, late=48)) == "first"
    assert known.like(print_of(1, up=-3, without=20)) == "first"
    assert known.like(print_of(2)) is None
    assert fingerprint(np.array([0, 24]), np.array([60, 62]), 24) is None


def test_samples_and_splits_depend_on_names_and_seed_alone() -> None:
    names = [f"song {n}" for n in range(200)]
    chosen = {names[place] for place in sample_of(names, "10%", 3)}
    backwards = names[::-1]
    assert len(chosen) == 20
    assert chosen == {backwards[place] for place in sample_of(backwards, "10%", 3)}
    assert chosen != {names[place] for place in sample_of(names, "20", 4)}
    splits = splits_of([f"title {n // 2}" for n in range(200)], 0.1, 0.2, 0)
    assert [splits.count(split) for split in range(3)] == [140, 20, 40]
    assert splits[::2] == splits[1::2]
    assert splits_of(["alone"], 0.4, 0.4, 0) == [0]


def test_sources_are_found_in_any_spelling_and_once(tmp_path: Path) -> None:
    root = tmp_path / "müsic"
    for name in ("a/same.mid", "b/same.MID", "c/Ünï.Midi"):
        write_midi(root / name, [part([(0, 6, 60)])])
    (root / "a" / "loop").symlink_to(root)
    (root / "linked.mid").symlink_to(root / "a" / "same.mid")
    (root / "gone.mid").symlink_to(root / "nowhere.mid")
    (root / "notes.txt").write_text("not music")
    (root / "out.npz").write_bytes(b"")
    found = find_sources([root, root / "a" / "same.mid"], root / "out.npz", pytest.fail)
    names = [source.name for source in found]
    assert names == ["a/same.mid", "b/same.MID", "c/Ünï.Midi", "gone.mid", "linked.mid", "same.mid"]
    gone = read_source(found[3], PIANO)
    assert isinstance(gone, Refused)
    assert "link to nothing" in gone.reason
    assert [s.name for s in only_listed(found, {"Ünï", "b"})] == ["b/same.MID", "c/Ünï.Midi"]
    twice = find_sources(
        [root / "a" / "same.mid", root / "b" / "same.MID"], root / "o.npz", pytest.fail
    )
    assert len({source.name for source in twice}) == 2


def test_an_empty_folder_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no MIDI files"):
        find_sources([tmp_path], tmp_path / "out.npz", pytest.fail)
