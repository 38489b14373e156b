"""Writes the processor folder: a byte-level BPE in Qwen2's files, trained on the world's words.

python tokenizer.py --data DATA --out RUN/processor [--vocab 1254]
"""
from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from prompts import ADDED, EXTRA_WORDS, SPECIAL, chat, plain

HERE = Path(__file__).parent
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def texts(data: Path, world: Path) -> list[str]:
    """The corpus: every text of the shards, the quoted words of the world's source files, the templates."""
    out: list[str] = []
    for path in sorted(data.rglob("samples.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            out += [row[k] for k in ("instruction", "question", "answer") if row.get(k)]
    counts = Counter(w for t in out for w in t.split())
    for path in sorted(world.rglob("*.ts")):
        for a, b, c in re.findall(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`", path.read_text()):
            text = re.sub(r"\$\{[^}]*\}", " ", a or b or c)
            if re.fullmatch(r"[A-Za-z0-9 ,.?!:;'()\n-]+", text) and not text.startswith("node:"):
                # includes words that do not occur in the shards
                out += [text, " " + text] * 5
    frame = plain("") + chat("", 3)
    for token in ADDED:
        frame = frame.replace(token, "\0")
    out += [part for part in frame.split("\0") if part] * max(20, len(counts) // 10)
    for line in EXTRA_WORDS.strip().splitlines():
        out += [line, " " + line, " " + line.lower()] * 10
    return out


def train(corpus: list[str], vocab: int) -> Tokenizer:
    tok = Tokenizer(models.BPE(byte_fallback=False))
    tok.normalizer = normalizers.NFC()
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False),
    ])
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=vocab, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), min_frequency=2, show_progress=False))
    return tok


def write(tok: Tokenizer, like: Path, out: Path) -> int:
    """Writes the files of the official processor folder -> number of ids"""
    out.mkdir(parents=True, exist_ok=True)
    raw = json.loads(tok.to_str())
    vocab = raw["model"]["vocab"]
    merges = raw["model"]["merges"]
    base = len(vocab)
    assert sorted(vocab.values()) == list(range(base))
    shape = json.loads((like / "tokenizer.json").read_text())
    shape["model"]["vocab"] = dict(sorted(vocab.items(), key=lambda kv: kv[1]))
    pairs = [m if isinstance(m, str) else " ".join(m) for m in merges]
    sample = shape["model"]["merges"][0]
    shape["model"]["merges"] = pairs if isinstance(sample, str) else [p.split(" ") for p in pairs]
    ids = {t: base + i for i, t in enumerate(ADDED)}
    shape["added_tokens"] = [
        {"id": ids[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": t in SPECIAL} for t in ADDED]
    dump = lambda name, obj, **kw: (out / name).write_text(json.dumps(obj, ensure_ascii=False, **kw))  # noqa: E731
    dump("tokenizer.json", shape, indent=2)
    dump("vocab.json", shape["model"]["vocab"])
    (out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(pairs) + "\n")
    dump("added_tokens.json", dict(sorted(ids.items())), indent=2)
    config = json.loads((like / "tokenizer_config.json").read_text())
    old = config["added_tokens_decoder"]
    by_text = {v["content"]: v for v in old.values()}
    config["added_tokens_decoder"] = {str(i): by_text[t] for t, i in ids.items()}
    dump("tokenizer_config.json", config, indent=2)
    for name in ("special_tokens_map.json", "preprocessor_config.json", "chat_template.json"):
        (out / name).write_text((like / name).read_text())
    return base + len(ADDED)


def load(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--data", required=True)
    ap.add_argument("--world", default=str(HERE.parent / "src/storybook"))
    ap.add_argument("--like", default=str(HERE / "checkpoint/storybook/processor"), help="folder from which the other files are copied")
    ap.add_argument("--out", required=True)
    ap.add_argument("--vocab", type=int, default=1254)
    args = ap.parse_args()
    corpus = texts(Path(args.data), Path(args.world))
    total = write(train(corpus, args.vocab), Path(args.like), Path(args.out))
    tok = load(Path(args.out))
    words = Counter(w for t in corpus for w in re.findall(r"[A-Za-z]+", t))
    split = [w for w, n in words.most_common() if len(tok.encode(" " + w).ids) > 1]
    print(f"{total} ids; the empty prompt is {len(tok.encode(plain('')).ids)} tokens; "
          f"{len(split)} of {len(words)} words are split: {' '.join(split[:60])}")


if __name__ == "__main__":
    main()
