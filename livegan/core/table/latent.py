"""Where in the latent space, and how it moves."""

from __future__ import annotations

from dataclasses import replace

from .. import moves
from ..controls import Argument, Control
from ..state import CURVES, DIRECTIONS, SCENES
from .fields import SCENE, field, share

LATENT: tuple[Control, ...] = (
    Control(
        "seed", "/seed", "Another place in the latent space, and another way of drifting.",
        (Argument("seed", "int", 0, 2**31 - 1),),
        apply=moves.set_seed, read=lambda state: (state.seed,),
    ),
    Control(
        "dice", "/dice", "A new seed, by chance.", apply=moves.dice, trigger=True,
    ),
    Control(
        "mutate", "/mutate", "Aside by chance: 0.25 unless you say how far; 1 is as far as chance.",
        (Argument("far", "float", 0, 1, optional=True),), apply=moves.mutate,
    ),
    Control(
        "back", "/back", "Back to where the latent was before the last leap (dice, seed, mutation, "
        "scene or morph), a hundred times if need be.", apply=moves.back, trigger=True,
    ),
    Control(
        "coordinate", "/z/{i}", "One coordinate of the latent; the others give way, so that the point "
        "stays on the sphere.",
        (Argument("value", "float", -4, 4, unit="standard deviations"),),
        apply=moves.set_coordinate,
        read=lambda state, i: (float(state.point[i]),), default="from the seed",
        index=Argument("i", "int", 0, 999_999),
    ),
    Control(
        "latent", "/z", "The whole latent, all of the model's numbers; only the direction counts.",
        (Argument("values", "float", many=True),),
        apply=moves.set_point, read=lambda state: tuple(state.point.tolist()), default="from the seed",
    ),
    Control(
        "xy", "/xy", "A place on the pad, between the scenes at its corners (0, 0), (1, 0), (0, 1), "
        "(1, 1).",
        (Argument("x", "float", 0, 1), Argument("y", "float", 0, 1)),
        apply=moves.set_xy, read=lambda state: state.xy,
    ),
    Control(
        "depth", "/xy/z", "The third way: from the pad's surface, 0, to the scene above it, 1.",
        share("z"), apply=moves.set_depth, read=lambda state: (state.depth,),
    ),
    Control(
        "corners", "/xy/corners", "Which scenes lie at the pad's corners (0, 0), (1, 0), (0, 1) and "
        "(1, 1).",
        tuple(Argument(f"scene{n}", "int", 1, SCENES) for n in (1, 2, 3, 4)),
        apply=lambda state, *scenes: replace(state, corners=scenes),
        read=lambda state: state.corners, changes_music=False,
    ),
    Control(
        "above", "/xy/above", "Which scene lies above the pad.",
        (SCENE,), **field("above"), changes_music=False,
    ),
    Control(
        "store", "/scene/{scene}/store", "Keep the latent that sounds now as a scene, with a name if "
        "you like. Scenes start out drawn from the seed, all in one scale.",
        (Argument("name", "text", optional=True, longest=40),),
        apply=moves.store_scene, index=SCENE, changes_music=False, trigger=True,
    ),
    Control(
        "recall", "/scene/{scene}/recall", "Go to a scene.",
        apply=moves.recall_scene, index=SCENE, trigger=True,
    ),
    Control(
        "scene_name", "/scene/{scene}/name", "What a scene is called.",
        (Argument("name", "text", longest=40),), apply=moves.name_scene,
        read=lambda state, scene: (state.scenes[scene - 1].name,), index=SCENE, changes_music=False,
    ),
    Control(
        "morph", "/morph", "Go to a scene, by number or name, over so many bars.",
        (Argument("scene", "text"), Argument("bars", "int", 0, 64, unit="bars")),
        apply=moves.start_morph,
    ),
    Control(
        "morph_curve", "/morph/curve", "How the next morphs go: evenly, slow at both ends, fast at "
        "first, or slow at first.",
        (Argument("curve", "text", choices=tuple(CURVES)),), **field("morph_curve"),
        changes_music=False,
    ),
    Control(
        "drift", "/drift", "How far the latent wanders by itself each bar: 0 stands still, 1 is as far "
        "as chance.",
        share(), **field("drift"),
    ),
    Control(
        "direction", "/direction/{i}", "Along one of the model's eight named directions (livegan "
        "models names them), from where the latent is.",
        (Argument("far", "float", -6, 6, unit="standard deviations"),),
        apply=moves.set_direction,
        read=lambda state, i: (state.directions[i - 1],), index=Argument("i", "int", 1, DIRECTIONS),
    ),
    Control(
        "section", "/section", "Bars until the music goes to another section, or back to an earlier "
        "one; 0 stays. For models that know sections.",
        (Argument("bars", "int", 0, 256, unit="bars"),), **field("section"),
    ),
    Control(
        "comeback", "/comeback", "How often half a phrase comes back, track by track: 0 never, 0.5 as "
        "in the songs that the model learned from, 1 always. Every knob acts on it. For models that "
        "know sections.",
        share(), **field("comeback"),
    ),
    Control(
        "groove", "/groove", "How far each bar holds the rhythm of the one before, where the latent "
        "goes by itself: 0 not at all, 0.5 as in the songs that the model learned from, 1 altogether. "
        "For models that know it (piano, trio, band).",
        share(), **field("groove"),
    ),
    Control(
        "critic", "/critic", "How far the model's critic is heeded where the latent goes by itself: 0 "
        "not at all, 0.5 so that bars are like songs', 1 always the most believable of sixteen ways. "
        "For models that have one.",
        share(), **field("critic"),
    ),
    Control(
        "freeze", "/freeze", "Hold the latent: the bar repeats, or varies where the model hears the "
        "bar before (piano, trio, band; /loop 1 repeats it). Knobs still act; moves in the latent "
        "space are heard on release.",
        (Argument("on", "bool"),),
        apply=moves.set_freeze, read=lambda state: (state.held is not None,),
    ),
)  # fmt: skip
