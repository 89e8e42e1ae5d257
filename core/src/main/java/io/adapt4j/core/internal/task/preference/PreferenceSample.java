package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.TrainingSample;

/** A better and a worse answer to one prompt as tokens; the prompt's are not to be learned. */
public record PreferenceSample(TrainingSample chosen, TrainingSample rejected) {}
