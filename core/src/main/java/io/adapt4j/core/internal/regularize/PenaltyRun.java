package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a penalty is made for.
 *
 * @param decoder the model, with the adaptation on it
 * @param adaptation what trains
 * @param base folder of the base's weights
 * @param encoder turns rows into samples
 * @param output where the run keeps what is expensive to compute; empty to keep nothing
 * @param batchSize examples a batch
 * @param recompute whether layers are recomputed in the backward pass to save memory
 * @param seed decides the order of examples
 */
public record PenaltyRun(
    Decoder decoder,
    Adaptation adaptation,
    Path base,
    ExampleEncoder encoder,
    Optional<Path> output,
    int batchSize,
    boolean recompute,
    long seed) {}
