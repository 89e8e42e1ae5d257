package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.TrainingSample;

/** A labeled answer as tokens, with its mismatch. */
public record UnpairedSample(
    TrainingSample completion, TrainingSample mismatched, boolean desirable) {}
