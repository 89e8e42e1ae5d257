package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.TrainingSample;

/** A chosen and a rejected answer to one prompt as tokens, with loss on the answers only. */
public record PreferenceSample(TrainingSample chosen, TrainingSample rejected) {}
