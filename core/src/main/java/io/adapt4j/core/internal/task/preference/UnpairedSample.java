package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.TrainingSample;

/**
 * An answer with its verdict as tokens.
 *
 * @param completion prompt and answer, the answer to be learned from
 * @param mismatched the same prompt with the answer to another
 * @param desirable whether the answer is wanted
 */
public record UnpairedSample(
    TrainingSample completion, TrainingSample mismatched, boolean desirable) {}
