package io.adapt4j.spark.internal.train;

import io.adapt4j.core.internal.task.WorkerRun;
import io.adapt4j.spark.internal.collective.Encoding;
import java.io.Serializable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Instructions for every worker. */
public record WorkerOrder(
    String description,
    WorkerRun.Start start,
    Duration patience,
    Encoding encoding,
    int port,
    boolean encrypted,
    @Nullable RunData data,
    RunEvents events)
    implements Serializable {}
