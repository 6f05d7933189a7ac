"""`livegan evaluate` from the command line: what it draws, prints and writes, and what it refuses."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import onnx
import pytest
import soundfile
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from livegan.core.model import METADATA_KEY, ModelInfo, Track
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.core.performance import perform
from livegan.core.state import initial
from livegan.shell.archive import rolls_of
from livegan_train.drawn import drawn_bars, streamed_bars
from livegan_train.evaluate.cli import evaluate
from livegan_train.evaluate.example import of_song, of_stream
from livegan_train.evaluate.rows import Row
from livegan_train.evaluate.scoreboard.board import Scoreboard
from livegan_train.evaluate.sheets import write_sheets
from livegan_train.evaluate.sources import Model

from .bar_archives import write_archive
from .composed import corpus
from .fakes import FakeGenerator

LATENT = 4


def write_model(path: Path, names: tuple[str, ...]) -> Path:
    """An untrained model: a few onsets on beats, by the sign of random projections of the latent."""
    random = np.random.default_rng(3)
    shape = (len(names), STEPS_PER_BAR, PITCHES)
    bias = np.full(shape, -50.0, np.float32)
    bias[:, ::24, 12:36] = -3.0
    weights = {
        "w": random.standard_normal((LATENT, bias.size)).astype(np.float32),
        "b": bias.reshape(1, -1),
        "zero": np.zeros((LATENT, bias.size), np.float32),
        "shape": np.array([-1, *shape]),
    }
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["a"]),
        helper.make_node("Add", ["a", "b"], ["struck"]),
        helper.make_node("Reshape", ["struck", "shape"], ["onset"]),
        helper.make_node("MatMul", ["z", "zero"], ["held"]),
        helper.make_node("Reshape", ["held", "shape"], ["keep"]),
    ]
    graph = helper.make_graph(
        nodes,
        "untrained",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", LATENT])],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, ["n", *shape]) for k in ("onset", "keep")],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    tracks = tuple(Track(name, 0, "drum" in name.lower(), (1.0, 2.0)) for name in names)
    info = ModelInfo(path.stem, "onset", LATENT, tracks)
    model.metadata_props.add(key=METADATA_KEY, value=info.to_json())
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of drums and piano, models of both, of one more and of neither."""
    path = tmp_path_factory.mktemp("evaluate")
    write_archive(path / "bars.npz", corpus(60, 8, drums=True))
    write_model(path / "band.onnx", ("piano", "DRUMS"))
    write_model(path / "flute.onnx", ("Flute", "Piano"))
    write_model(path / "horn.onnx", ("Horn",))
    return path


def run(folder: Path, *arguments: str) -> Result:
    few = ("--data", str(folder / "bars.npz"), "--bars", "100")
    return CliRunner().invoke(evaluate, [*arguments, *few], env={"COLUMNS": "120"})


@pytest.fixture(scope="module")
def outputs(folder: Path) -> Result:
    """One run of everything."""
    written = ("--json", "out.json", "--markdown", "out.md", "--html", "out.html")
    paths = [str(folder / name) if name.startswith("out") else name for name in written]
    models = (str(folder / "band.onnx"), "piano")
    result = run(folder, *models, "--seeds", "2", "--split", "valid", *paths)
    assert result.exit_code == 0, result.output
    return result


def refused(result: Result) -> str:
    """The one line."""
    assert result.exit_code == 2
    return " ".join(result.output.split("Error: ")[1].split())


@pytest.mark.parametrize("fresh", [True, False])
def test_bars_are_those_that_render_plays(fresh: bool) -> None:
    generator = FakeGenerator()
    state = replace(initial(5, generator.info.latent), fresh=fresh, playing=True)
    notes = perform(generator, state, 20, {}).notes()
    expected = np.moveaxis(rolls_of(notes, 20, generator.info.tracks), 3, 1)
    drawn = (drawn_bars if fresh else streamed_bars)(generator, 20, 5)
    assert drawn.shape == (20, 1, STEPS_PER_BAR, PITCHES)
    assert (drawn == expected).all()


def test_json_holds_every_row_seed_and_verdict(outputs: Result, folder: Path) -> None:
    found = json.loads((folder / "out.json").read_text(), parse_constant=pytest.fail)
    assert [row["name"] for row in found["rows"]] == [
        "floor: real songs", "training data", "band", "piano"
    ]  # fmt: skip
    band, piano = found["rows"][2:]
    assert band["tracks"] == ["Drums", "Piano"], "matched by name, in the data's order"
    assert piano["tracks"] == ["Piano"]
    assert len(band["seeds"]) == 2
    assert band["seeds"][0] != band["seeds"][1]
    values = [seed["Piano"]["notes"] for seed in band["seeds"]]
    assert band["median"]["Piano"]["notes"] == pytest.approx(sum(values) / 2, abs=1e-4)
    held = found["held_out"]["Piano"]["notes"]
    assert band["worst"]["Piano"]["notes"] == max(values, key=lambda value: abs(value - held))
    assert band["median"]["Drums"]["upc"] is None
    assert band["median"]["Piano"]["nearest"] > 0
    assert found["rows"][1]["median"]["Piano"]["nearest"] == 0
    assert {v["judge"] for v in band["verdicts"]} >= {"stream", "originality together"}
    assert found["published"]["Piano"][3]["name"] == "paper: CNN-LSTM GAN"
    assert found["split"] == "valid"
    assert set(found["beats_the_paper_on_every_track"]) == {"band", "piano"}


def test_the_terminal_says_the_paper_and_the_verdicts(outputs: Result) -> None:
    for said in (
        "Piano: the paper's table", "paper: CNN-LSTM GAN", "UPC pub.", "held-out songs",
        "MuseGAN: jamming", "all tracks: does a bar follow the one before?",
        "band: fails", "piano: does not play the data's Drums",
    ):  # fmt: skip
        assert said in outputs.output


def test_markdown_tables_are_whole(outputs: Result, folder: Path) -> None:
    text = (folder / "out.md").read_text()
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) > 8
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
        assert set(lines[1]) <= set("|-: ")


class Page(HTMLParser):
    """Checks that tags close, and collects what matters."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_stands_alone_and_can_be_read_seen_and_heard(outputs: Result, folder: Path) -> None:
    text = (folder / "out.html").read_text()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert len(text) < 3_000_000
    for _, attributes in page.found:
        for key in ("src", "href"):
            assert (attributes.get(key) or "data:").startswith("data:")
    assert page.all("html")[0]["lang"] == "en"
    assert all(cell.get("scope") in ("row", "col") for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    images, sounds = page.all("img"), page.all("audio")
    assert len(images) == len(sounds) == 5, "a real song, and two of each model"
    for image, sound in zip(images, sounds, strict=True):
        assert "notes of Piano" in (image["alt"] or "")
        with Image.open(io.BytesIO(base64.b64decode((image["src"] or "").split(",")[1]))) as picture:
            assert picture.width > 500
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode((sound["src"] or "").split(",")[1])))
        assert len(samples) / rate > 15
        assert 0.01 < np.abs(samples).max() <= 1.1


@pytest.fixture(scope="module")
def scores(folder: Path) -> Result:
    """One scoreboard of drums and piano."""
    written = ("--json", "score.json", "--markdown", "score.md", "--html", "score.html")
    paths = [str(folder / name) if name.startswith("score") else name for name in written]
    paths += ["--figures", str(folder / "figures")]
    result = run(folder, str(folder / "band.onnx"), "--stream", "--seeds", "1", *paths)
    assert result.exit_code == 0, result.output
    return result


def test_the_scoreboard_holds_figure_goal_floor_and_verdict(scores: Result, folder: Path) -> None:
    found = json.loads((folder / "score.json").read_text(), parse_constant=pytest.fail)
    by_key = {(score["about"], score["figure"]): score for score in found["scores"]}
    assert {"Drums", "Piano", "Drums + Piano"} == {about for about, _ in by_key}
    trees = by_key["Piano", "trees"]
    assert (trees["goal"], trees["reached"]) == ("at most 60", False)
    assert trees["floor"]["reached"] is not None
    assert len(trees["seeds"]) == 1
    assert ("Drums", "dp") in by_key
    assert ("Drums", "dis") not in by_key, "drums have no pitch classes"
    assert by_key["Drums + Piano", "step"]["floor"]["seeds"] == []
    assert by_key["Piano", "density_bars"]["section"] == "knobs"
    assert ("Drums", "density_slope") not in by_key, "these drums strike 12 or 13 times a bar"
    assert found["held_out"]["Piano"]["chroma 32"] is None, "songs of 8 bars"
    assert by_key["Piano", "chroma_form"]["goal"] is None
    assert by_key["Piano", "shaped_notes"]["own"] > 0
    figures = {figure for _, figure in by_key}
    assert not any("capture" in key or "after" in key for key in figures), "no encoder, no context"


def test_seeds_are_the_same_side_by_side(scores: Result, folder: Path) -> None:
    out = folder / "jobs.json"
    asked = (str(folder / "band.onnx"), "--stream", "--seeds", "2", "--jobs", "2", "--json", str(out))
    result = run(folder, *asked)
    assert result.exit_code == 0, result.output
    one, two = (json.loads((folder / name).read_text())["rows"] for name in ("score.json", "jobs.json"))
    assert [row["name"] for row in two] == ["floor: real songs", "band"]
    for alone, both in zip(one, two, strict=True):
        assert len(both["seeds"]) == 2
        assert both["seeds"][0] != both["seeds"][1]
        for about, values in alone["seeds"][0].items():
            assert both["seeds"][0][about] == pytest.approx(values, nan_ok=True, abs=0.01), about


def test_the_scoreboard_is_told_in_every_form(scores: Result, folder: Path) -> None:
    page = Page()
    page.feed((folder / "score.html").read_text())
    assert page.open == []
    assert len(page.all("audio")) == 3
    matrices = [image for image in page.all("img") if image.get("class") == "plain"]
    assert len(matrices) == 1
    assert "Self-similarity" in (matrices[0]["alt"] or "")
    png = base64.b64decode((matrices[0]["src"] or "").split(",")[1])
    assert (folder / "figures" / "band-form.png").read_bytes() == png
    for text in (scores.output, (folder / "score.md").read_text()):
        for said in ("by trees %", "at most 60", "band: Drums + Piano", "largest step", "reaches"):
            assert said in text


def test_each_model_gets_a_page_with_its_goals_and_bars_to_see_and_to_hear(
    scores: Result, folder: Path
) -> None:
    text = (folder / "figures" / "band.md").read_text()
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({line.count("|") for line in lines}) == 1 for lines in tables)
    for said in (
        "| goal | real songs | worst seed | reached |",
        "[Listen](band.ogg)",
        "(band-form.png)",
    ):
        assert said in text
    found = json.loads((folder / "score.json").read_text())["scores"]
    trees = [s for s in found if s["section"] == "told apart by boosted trees" and s["goal"]]
    (line,) = [line for line in tables[1] if line.startswith("| told apart by boosted trees")]
    by_about = {s["about"]: s["reached"] for s in trees}
    counts = [f"{int(by_about[about])} of 1" for about in ("Drums", "Piano")]
    assert [cell.strip(" *") for cell in line.split("|")[2:5]] == [*counts, "-"]
    assert sorted(file.name for file in (folder / "figures").iterdir()) == [
        "band-form.png",
        "band.md",
        "band.ogg",
        "band.png",
    ]
    assert "held-out" not in tables[0][0], "songs of 8 bars"
    with Image.open(folder / "figures" / "band.png") as picture:
        assert picture.height > 4 * 300, "four rows of eight bars"
    samples, rate = soundfile.read(folder / "figures" / "band.ogg")
    assert len(samples) / rate > 32 * 4 * 60 / 110
    assert np.abs(samples).max() > 0.01


@pytest.mark.parametrize("song_sound", [True, False])
def test_a_song_beside_the_model_sounds_only_where_it_may(song_sound: bool, tmp_path: Path) -> None:
    data = replace(corpus(20, 40), song_names=tuple(f"../songs/{song}.mid" for song in range(20)))
    model = Model("fake", FakeGenerator(), ("Piano",), (0,))
    model.generator.info = replace(model.generator.info, credit="Some Body (MIT)")
    board = Scoreboard("bars.npz", "test", 100, 1, (), {}, (Row("floor", "floor", ("Piano",), ()),))
    write_sheets(tmp_path, board, [model], data, "test", song_sound)
    text = (tmp_path / "fake.md").read_text()
    assert "![Piano roll of 32 bars" in text
    assert " songs/1" in text
    assert (tmp_path / "fake-song.png").exists()
    assert (tmp_path / "fake-song.ogg").exists() == song_sound
    assert ("[Listen](fake-song.ogg)" in text) == song_sound
    assert ("Some Body (MIT)" in text) == song_sound


def test_a_song_beside_the_model_is_whole_and_held_out() -> None:
    data = corpus(20, 40)
    held = data.select("test")
    found = of_song(held, ("Piano",))
    assert found is not None
    song = int(found.says.removeprefix("song "))
    assert data.song_split[song] == 2
    rolls = data.rolls(np.flatnonzero(data.song_id == song))[:, 0]
    notes = sorted((n.start % STEPS_PER_BAR, n.pitch) for n in found.parts["Piano"])
    assert len(notes) > 32
    assert set(notes) <= {
        (int(step), int(row) + 24) for step, row in zip(*np.nonzero(rolls.any(axis=0)), strict=True)
    }
    assert of_song(corpus(20, 8).select("test"), ("Piano",)) is None


def test_the_stream_to_hear_is_what_render_plays() -> None:
    generator = FakeGenerator()
    model = Model("fake", generator, ("Piano",), (0,))
    rolls = rolls_of(of_stream(model).parts["piano"], 32, generator.info.tracks)
    assert (np.moveaxis(rolls, 3, 1) == streamed_bars(generator, 32, 1)).all()


def test_tracks_that_the_data_lacks_are_said(folder: Path) -> None:
    result = run(folder, str(folder / "flute.onnx"), "--seeds", "1")
    assert result.exit_code == 0
    assert "flute: Flute not judged" in result.output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["{}/horn.onnx"], "horn plays Horn, but the data has Drums, Piano: no track to judge"),
        (["nobody"], "no model 'nobody': shipped are"),
        (["piano", "--json", "{}/nowhere/out.json"], "nowhere does not exist"),
        (["piano", "piano"], "the same model twice"),
        (["piano", "--bars", "3"], "'--bars'"),
        (["{}/bars.npz"], "not an ONNX model"),
        (["piano", "--figures", "{}"], "--figures needs --stream"),
        (["piano", "--jobs", "2"], "--jobs needs --stream"),
        (["piano", "--stream", "--figures", "{}/no/where"], "no does not exist"),
    ],
)
def test_bad_input_gets_one_line(folder: Path, arguments: list[str], line: str) -> None:
    said = [argument.format(folder) for argument in arguments]
    data = () if "--bars" in said else ("--bars", "100")
    result = CliRunner().invoke(evaluate, [*said, "--data", str(folder / "bars.npz"), *data])
    assert line in refused(result)


def test_an_archive_without_held_out_songs_is_refused(folder: Path, tmp_path: Path) -> None:
    bars = replace(corpus(6, 4, splits=(0.5, 1.0)), song_split=np.zeros(6, np.int32))
    archive = write_archive(tmp_path / "bars.npz", bars)
    out = tmp_path / "out.json"
    result = CliRunner().invoke(evaluate, ["piano", "--data", str(archive), "--json", str(out)])
    assert "bars.npz: has no bars in its test split" in refused(result)
    assert not out.exists()


def test_a_missing_archive_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(evaluate, ["piano", "--data", str(tmp_path / "none.npz")])
    assert "no such file" in refused(result)
