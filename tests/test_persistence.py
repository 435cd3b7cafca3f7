"""A model file gives back the same bits, or a clear error, whatever happened to it."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaussmix
from gaussmix import Mixture, load
from gaussmix._model_file import FORMAT_VERSION
from gaussmix.datasets import load_faithful
from gaussmix.exceptions import GaussmixError, GaussmixTypeError, ModelFileError
from gaussmix.persistence import save
from strategies import examples

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


def random_mixture(
    seed: int = 0, n_components: int = 3, n_features: int = 2, covariance_type: str = "full"
) -> Mixture:
    rng = np.random.default_rng(seed)
    K, D = n_components, n_features
    root = rng.normal(size=(K, D, D + 2))
    full = root @ root.transpose(0, 2, 1)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.exp(rng.normal(size=(K, D))),
        "spherical": np.exp(rng.normal(size=K)),
    }[covariance_type]
    return Mixture(
        rng.dirichlet(np.ones(K)),
        rng.normal(size=(K, D)) * 10.0 ** rng.integers(-8, 8),
        covariances,
        covariance_type=covariance_type,
    )


def assert_same_bits(a: Mixture, b: Mixture) -> None:
    assert a == b
    for name in ("weights", "means", "covariances"):
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes(), name
        assert getattr(a, name).shape == getattr(b, name).shape


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    save(random_mixture(), path)
    return path


# --- round trip ---------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    n_components=st.integers(1, 12),
    n_features=st.integers(1, 9),
    covariance_type=st.sampled_from(COVARIANCE_TYPES),
)
def test_round_trip_to_the_bit(
    tmp_path_factory, seed: int, n_components: int, n_features: int, covariance_type: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.npz"
    mixture = random_mixture(seed, n_components, n_features, covariance_type)
    save(mixture, path)
    loaded = load(path)
    assert_same_bits(loaded, mixture)
    assert loaded.covariance_type is mixture.covariance_type
    assert loaded.feature_names is None
    again = path.with_suffix(".again")
    save(loaded, again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_fitted_mixture_gives_the_same_densities_to_the_bit(tmp_path, covariance_type) -> None:
    X = load_faithful().data
    mixture = gaussmix.fit(X, 3, covariance_type=covariance_type, random_state=0).mixture
    mixture.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert_same_bits(loaded, mixture)
    assert loaded.log_density(X).tobytes() == mixture.log_density(X).tobytes()
    assert loaded.precisions_cholesky.tobytes() == mixture.precisions_cholesky.tobytes()


def test_extreme_numbers_survive(tmp_path: Path) -> None:
    mixture = Mixture(
        [1.0 - 2.0**-40, 2.0**-40],
        [[-0.0, 1e300], [5e-324, -1e-300]],
        [[1e-200, 1e200], [0.1, 1 / 3]],
        covariance_type="diag",
    )
    save(mixture, tmp_path / "m")
    assert_same_bits(load(tmp_path / "m"), mixture)
    assert np.signbit(load(tmp_path / "m").means[0, 0])


@pytest.mark.parametrize("names", [("a", "b"), ("Länge\n", '"quoted", comma'), ("", "\ud800")])
def test_feature_names_survive(tmp_path: Path, names: tuple[str, str]) -> None:
    mixture = Mixture([1.0], [[0.0, 1.0]], [2.0], covariance_type="spherical", feature_names=names)
    save(mixture, tmp_path / "m")
    assert load(tmp_path / "m").feature_names == names


def test_the_loaded_arrays_are_read_only(model: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        load(model).means[0, 0] = 1.0


# --- the file -----------------------------------------------------------------------------------


def test_same_mixture_same_bytes(tmp_path: Path, model: Path, monkeypatch) -> None:
    next_year = time.localtime(time.time() + 4e7)
    monkeypatch.setattr(time, "localtime", lambda *_: next_year)  # zip members carry a date
    save(random_mixture(), tmp_path / "other-name")
    assert (tmp_path / "other-name").read_bytes() == model.read_bytes()


def test_numpy_and_json_alone_can_read_it(model: Path) -> None:
    mixture = random_mixture()
    with np.load(model, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["means"], mixture.means)
        np.testing.assert_array_equal(archive["weights"], mixture.weights)
        np.testing.assert_array_equal(archive["covariances"], mixture.covariances)
        header = json.loads(archive["header.json"])
    assert len(header.pop("sha256")) == 64
    assert header == {
        "format": "gaussmix mixture",
        "format_version": 1,
        "gaussmix_version": gaussmix.__version__,
        "covariance_type": "full",
        "n_components": 3,
        "n_features": 2,
        "feature_names": None,
        "dtype": "float64",
    }


@pytest.mark.parametrize("kind", ["full", "spherical", "factor"])
def test_what_a_file_holds_is_documented(tmp_path: Path, kind: str) -> None:
    mixture = random_mixture(covariance_type="full" if kind == "factor" else kind)
    if kind == "factor":
        loadings, noise = np.ones((3, 2, 1)), np.ones((3, 2))
        mixture = gaussmix.FactorMixture(mixture.weights, mixture.means, loadings, noise)
    save(mixture, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        names = [name for name in archive.files if name != "header.json"]
        for name in names:
            np.testing.assert_array_equal(archive[name], getattr(mixture, name))
    listed, text = "``, ``".join(names[:-1]), " ".join((save.__doc__ or "").split())
    assert f"of ``{listed}`` and ``{names[-1]}``" in text


@pytest.mark.parametrize("name", ["model", "model.npz", "model.gmm", "no.suffix.at.all", "x" * 255])
@pytest.mark.parametrize("kind", [str, Path])
def test_the_name_stays_as_given(tmp_path: Path, name: str, kind) -> None:
    save(random_mixture(), kind(tmp_path / name))
    assert os.listdir(tmp_path) == [name]
    assert load(kind(tmp_path / name)) == random_mixture()


# --- files that cannot be loaded ----------------------------------------------------------------


def test_a_missing_file_is_just_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load(tmp_path / "nothing")
    assert not isinstance(caught.value, GaussmixError)


def test_truncated_anywhere(model: Path) -> None:
    """No beginning of a file passes for a file."""
    whole = model.read_bytes()
    for length in range(len(whole)):
        model.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=r"is truncated|is empty|not a gaussmix model"):
            load(model)
    model.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match=f"truncated: it breaks off after {len(whole) // 2} "):
        load(model)


def test_every_damaged_byte_is_noticed_or_harmless(model: Path) -> None:
    """A flipped bit either is an error of ours or, in the zip's decoration, changes nothing."""
    whole = model.read_bytes()
    original = load(model)
    n_noticed = 0
    for position in range(len(whole)):
        for bit in (0, 5):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            model.write_bytes(damaged)
            try:
                loaded = load(model)
            except ModelFileError:
                n_noticed += 1
            else:
                assert_same_bits(loaded, original)
                assert loaded.feature_names is None
    assert n_noticed > len(whole)  # more than half


EDITS = st.tuples(
    st.sampled_from(["replace", "insert", "delete", "repeat", "cut"]),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.binary(min_size=1, max_size=12), st.sampled_from([b"PK\x03\x04", b"PK\x05\x06"])),
)


def edited(content: bytes, edit: tuple[str, float, bytes]) -> bytes:
    kind, where, piece = edit
    at = int(where * len(content))
    before, after = content[:at], content[at:]
    return {
        "replace": before + piece + after[len(piece) :],
        "insert": before + piece + after,
        "delete": before + after[len(piece) :],
        "repeat": before + after[: len(piece)] + after,
        "cut": before,
    }[kind]


@given(
    covariance_type=st.sampled_from(COVARIANCE_TYPES),
    edits=st.lists(EDITS, min_size=1, max_size=4),
)
@settings(max_examples=examples(4))
def test_whatever_happens_to_a_file_it_is_refused_or_whole(
    tmp_path_factory, covariance_type: str, edits: list[tuple[str, float, bytes]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.npz"
    mixture = random_mixture(7, covariance_type=covariance_type)
    save(mixture, path)
    content = path.read_bytes()
    for edit in edits:
        content = edited(content, edit)
    path.write_bytes(content)
    try:
        loaded = load(path)
    except ModelFileError:
        return
    assert_same_bits(loaded, mixture)


@given(content=st.binary(max_size=400), start=st.sampled_from([b"", b"PK\x03\x04", b"\x93NUMPY"]))
@settings(max_examples=examples(2))
def test_bytes_that_never_were_a_model(tmp_path_factory, content: bytes, start: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.npz"
    path.write_bytes(start + content)
    with pytest.raises(ModelFileError, match=r"is empty|is not a gaussmix model|truncated|damaged"):
        load(path)


def test_a_damaged_number_is_reported_as_damage(model: Path) -> None:
    whole = model.read_bytes()
    position = whole.index(random_mixture().means.tobytes())
    model.write_bytes(whole[:position] + b"\x55" + whole[position + 1 :])
    with pytest.raises(ModelFileError, match="is damaged"):
        load(model)


def rewrite(model: Path, replace: dict[str, bytes]) -> None:
    """Write the archive anew with other members, and correct CRCs: only our own checks are left."""
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(model, "w") as archive:
        for name, content in (members | replace).items():
            archive.writestr(name, content)


def edit_header(model: Path, **changes) -> None:
    with zipfile.ZipFile(model) as archive:
        header = json.loads(archive.read("header.json"))
    rewrite(model, {"header.json": json.dumps(header | changes).encode()})


def npy(array: np.ndarray, path: Path) -> bytes:
    np.save(path, array)
    return path.read_bytes()


def test_changed_numbers_do_not_match_the_checksum(model: Path, tmp_path: Path) -> None:
    means = npy(random_mixture().means + 1e-12, tmp_path / "a.npy")
    rewrite(model, {"means.npy": means})
    with pytest.raises(ModelFileError, match="do not match their checksum"):
        load(model)


def test_arrays_beyond_the_sizes_in_the_header_are_refused_unread(
    model: Path, tmp_path: Path
) -> None:
    """A file of a quarter of a megabyte that inflates to a quarter of a gigabyte."""
    head = npy(np.zeros((3, 0)), tmp_path / "a.npy").replace(b"(3, 0)", b"(3, 9999999)")
    n_zeros = 3 * 9_999_999 * 8
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    del members["means.npy"]
    with zipfile.ZipFile(model, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        with archive.open("means.npy", "w") as member:
            member.write(head)
            for _ in range(0, n_zeros, 2**20):
                member.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(ModelFileError, match=r"is damaged: .*'means' has shape \(3, 9999999\)"):
        load(model)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22


def test_a_newer_format_asks_for_an_upgrade(model: Path) -> None:
    edit_header(model, format_version=FORMAT_VERSION + 1, gaussmix_version="99.1")
    with pytest.raises(ModelFileError, match=r"format version 2.*gaussmix 99\.1.*upgrade"):
        load(model)


def test_a_newer_covariance_type_asks_for_an_upgrade(model: Path) -> None:
    edit_header(model, covariance_type="QQQ", gaussmix_version="99.1")
    with pytest.raises(ModelFileError, match=r"'QQQ'.*99\.1.*upgrade"):
        load(model)


def test_a_header_of_another_structure(tmp_path: Path) -> None:
    matrices = [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.0], [0.0, 3.0]]]
    path = tmp_path / "model"
    save(Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], matrices), path)
    edit_header(path, covariance_type="VEI")
    with pytest.raises(ModelFileError, match=r"not a mixture.*must be of covariance_type='VEI'"):
        load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": "1"},
        {"format_version": 0},
        {"format_version": True},
        {"n_components": 4},
        {"n_components": 3.0},
        {"n_features": 2.0},
        {"n_features": 1},
        {"covariance_type": "tied"},
        {"covariance_type": None},
        {"feature_names": ["only one"]},
        {"feature_names": 7},
        {"feature_names": "xy"},
        {"feature_names": {"x": 0, "y": 1}},
        {"feature_names": ["x", 1]},
        {"sha256": None},
    ],
)
def test_a_header_that_makes_no_sense(model: Path, changes) -> None:
    edit_header(model, **changes)
    with pytest.raises(ModelFileError, match="is damaged"):
        load(model)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": "other"}'])
def test_a_header_that_is_not_ours(model: Path, content: bytes) -> None:
    rewrite(model, {"header.json": content})
    with pytest.raises(ModelFileError, match=r"is damaged|is not a gaussmix model file"):
        load(model)


class Trap:
    """Runs code when unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("sprung",))


def test_nothing_is_unpickled(model: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "trap.npy"
    np.save(trap, np.array([Trap()], dtype=object), allow_pickle=True)
    rewrite(model, {"means.npy": trap.read_bytes()})
    with pytest.raises(ModelFileError, match="is damaged"):
        load(model)
    assert not Path("sprung").exists()


def foreign_files(folder: Path) -> list[Path]:
    paths = [folder / name for name in ("text", "pickle", "npy", "npz", "npz_json", "zip")]
    text, pickled, single, several, with_header, zipped = paths
    text.write_text("eruptions,waiting\n3.6,79\n")
    pickled.write_bytes(pickle.dumps({"a": 1}))
    with single.open("wb") as file:
        np.save(file, np.ones(3))
    with several.open("wb") as file:
        np.savez(file, weights=np.ones(1), means=np.ones((1, 1)), covariances=np.ones(1))
    with zipfile.ZipFile(with_header, "w") as archive:
        archive.writestr("header.json", '{"format": "someone else\'s"}')
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.txt", "a")
    return paths


def test_foreign_files(tmp_path: Path) -> None:
    for path in foreign_files(tmp_path):
        with pytest.raises(ModelFileError, match="is not a gaussmix model file"):
            load(path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "m").touch()
    with pytest.raises(ModelFileError, match="is empty"):
        load(tmp_path / "m")


@pytest.mark.parametrize("path", [3, None, 1.5, ["m"]])
def test_a_path_is_wanted(path) -> None:
    with pytest.raises(GaussmixTypeError, match="str or a path"):
        load(path)
    with pytest.raises(GaussmixTypeError, match="str or a path"):
        save(random_mixture(), path)


def test_only_mixtures_can_be_saved(tmp_path: Path) -> None:
    result = gaussmix.fit(load_faithful().data, 1)
    with pytest.raises(GaussmixTypeError, match=r"FitResult.*result\.mixture"):
        save(result, tmp_path / "m")
    assert os.listdir(tmp_path) == []


def test_a_copy_is_as_good(tmp_path: Path, model: Path) -> None:
    copy = tmp_path / "sub" / "copy"
    copy.parent.mkdir()
    shutil.copy(model, copy)
    assert load(copy) == load(model)
