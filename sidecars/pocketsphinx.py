"""Writes down English speech: pocketsphinx 5 with the en-us model of its wheel, one utterance after the other.

Standard input: frames of one byte of kind, four of length (little-endian), then the payload.
  S  begins an utterance; JSON {"lines": "narrow" | "wide"}: whether the audio has anything above 4 kHz
  A  audio: int16, little-endian, mono, 16 kHz
  E  the utterance has ended
  X  nobody wants the utterance any more
Standard output: lines of JSON, {"type": "hello" | "partial" | "final" | "dropped" | "failed", "text"?: str}.
"""

import json
import os
import signal
import struct
import sys
import threading
from collections import deque

# Whatever a library prints must not get between our lines: they keep the real standard output to themselves.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)

RATE_HZ = 16_000
BYTES_PER_SECOND = 2 * RATE_HZ
MAX_FRAME_BYTES = 1 << 20
# Hypotheses are looked at this often: each look walks the whole lattice.
PARTIAL_EVERY_BYTES = BYTES_PER_SECOND // 5

# Where the mean of the cepstra starts from. The model's own start is a wide-band one; on a telephone line the
# upper filters are nearly silent, and decoding with the wrong mean makes several times the word errors.
MEAN = {
    "wide": "41.00,-5.29,-0.12,5.09,2.48,-4.07,-1.37,-1.78,-5.08,-2.05,-6.45,-1.42,1.17",
    "narrow": "48.9,19.4,-7.4,33.2,-13.25,6.4,8.17,-11.9,18.8,-8.5,12.9,3.6,6.0",
}


def answer(kind, **fields):
    ANSWERS.write(json.dumps({"type": kind, **fields}) + "\n")
    ANSWERS.flush()


class Inbox:
    """Frames as they come, read ahead by a thread: so that an X is seen before what it makes pointless."""

    def __init__(self):
        self._frames = deque()
        self._drops = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        read = sys.stdin.buffer.read
        while True:
            header = read(5)
            if len(header) < 5:
                os._exit(0)  # whoever started us is gone
            kind, length = chr(header[0]), struct.unpack("<I", header[1:])[0]
            if length > MAX_FRAME_BYTES:
                sys.stderr.write(f"expected a frame of at most {MAX_FRAME_BYTES} bytes, got {length}\n")
                os._exit(2)
            payload = read(length)
            with self._changed:
                # Nobody waits behind our decoding: what is not yet decoded when an X comes never will be.
                if kind == "X":
                    self._frames.clear()
                    self._drops += 1
                else:
                    # Bounded by the reading end: two minutes of speech at most wait here.
                    self._changed.wait_for(lambda: len(self._frames) < 6000)
                    self._frames.append((kind, payload))
                self._changed.notify_all()

    def get(self):
        """The next frame, or None where the utterance was dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._drops)
            if self._drops:
                return None
            frame = self._frames.popleft()
            self._changed.notify_all()
            return frame

    def is_dropped(self):
        return self._drops > 0

    def take_drops(self):
        with self._changed:
            drops, self._drops = self._drops, 0
            return drops


class Recogniser:
    def __init__(self):
        from pocketsphinx import Decoder

        self._decoder = Decoder(loglevel="FATAL")
        # The mean is carried on from one utterance to the next, for each kind of line by itself.
        self._means = dict(MEAN)

    def begin(self, lines):
        self._lines = lines if lines in MEAN else "narrow"
        self._is_empty = True
        self._decoder.set_cmn(self._means[self._lines])
        self._decoder.start_utt()

    def push(self, audio):
        self._is_empty = False
        self._decoder.process_raw(audio, False, False)

    def text(self):
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""

    def end(self):
        """The final text."""
        self._decoder.end_utt()
        if self._is_empty:
            return ""
        self._means[self._lines] = self._decoder.get_cmn(True)
        return self.text()


def utterance(recogniser, inbox, options):
    """Writes down one utterance; returns when it has ended or was dropped."""
    recogniser.begin(options.get("lines"))
    told, untold = "", 0
    while True:
        frame = inbox.get()
        if frame is None:
            recogniser.end()
            return
        kind, payload = frame
        if kind == "E":
            text = recogniser.end()
            if not inbox.is_dropped():
                answer("final", text=text)
            return
        if kind != "A":
            raise ValueError(f"expected audio or the end of the utterance, got a frame of kind {kind!r}")
        recogniser.push(payload)
        untold += len(payload)
        if untold >= PARTIAL_EVERY_BYTES:
            untold = 0
            text = recogniser.text()
            if text != told:
                told = text
                answer("partial", text=text)


def main():
    # Ctrl-C in a terminal reaches the whole group; the node ends us when its calls are over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox = Inbox()
    recogniser = Recogniser()
    answer("hello")
    while True:
        frame = inbox.get()
        if frame is not None:
            kind, payload = frame
            if kind != "S":
                raise ValueError(f"expected the beginning of an utterance, got a frame of kind {kind!r}")
            utterance(recogniser, inbox, json.loads(payload))
        for _ in range(inbox.take_drops()):
            answer("dropped")


main()
