package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import java.nio.file.Path;
import java.util.Optional;

/** The run that a penalty is created for. */
public record PenaltyRun(
    Decoder decoder,
    Adaptation adaptation,
    Path base,
    ExampleEncoder encoder,
    Optional<Path> output,
    int batchSize,
    boolean recompute,
    long seed) {}
