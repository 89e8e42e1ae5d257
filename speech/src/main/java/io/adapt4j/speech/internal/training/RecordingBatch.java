package io.adapt4j.speech.internal.training;

import io.adapt4j.core.internal.nn.SequenceInputs;
import java.util.List;

/** Recordings, read when their features are computed, and their targets. */
record RecordingBatch(List<String> audios, SequenceInputs targets) {}
