"""
Compares this program with golden folders that the Hugging Face libraries made, to 1e-5 (relative
above 1: the folders' own numbers carry fp32 rounding).

    python3 validate.py FOLDER...
"""

import json
import pathlib
import sys

import numpy as np

import tensors
from golden import Model, compute


def check(folder):
    expected = json.loads((folder / "expected.json").read_text())
    given = tensors.read(folder / "expected.safetensors")
    model = Model(folder, expected["kind"])
    worst = {}
    for name, mine in compute(model, given).items():
        if name not in given:
            continue
        off = np.abs(mine - given[name]) / np.maximum(1, np.abs(given[name]))
        if off.ndim == 3:
            mask = given["attention_mask_left" if name.endswith("_left") else "attention_mask"]
            off = off[mask == 1]
        worst[name] = off.max()
    if expected["kind"] == "causal":
        ids, mask = given["input_ids"][:1], given["attention_mask"][:1]
        left = given["input_ids_left"], given["attention_mask_left"]
        eos = expected.get("eos_token_id_for_generated_left_eos")
        for name, found in (("generated", model.greedy(ids, mask, 20)[0]),
                            ("generated_left", model.greedy(*left, 20)[0]),
                            ("generated_left_eos", model.greedy(*left, 20, eos)[0])):
            if name in given and not np.array_equal(found, given[name]):
                worst[name] = np.inf
    return worst


def main(folders):
    failed = False
    for folder in map(pathlib.Path, folders):
        worst = check(folder)
        name = max(worst, key=worst.get)
        ok = worst[name] < 1e-5
        failed |= not ok
        print(f"{'ok  ' if ok else 'FAIL'} {folder.name}: {len(worst)} quantities, worst {name} {worst[name]:.1e}")
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1:])
