package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.TrainingSample;

/** An answer with its verdict as tokens. */
public record UnpairedSample(
    TrainingSample completion, TrainingSample mismatched, boolean desirable) {}
