package io.adapt4j.spark.internal.train;

import io.adapt4j.core.internal.task.WorkerRun;
import io.adapt4j.spark.internal.collective.Encoding;
import java.io.Serializable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What every worker is told.
 *
 * @param description the run
 * @param start what becomes of an earlier run in its output, in the first attempt
 * @param patience how long nothing may come from another worker
 * @param encoding how gradients travel
 * @param port the first of the ports to listen at; 0 for any
 * @param encrypted whether connections are encrypted
 * @param data the data, where it is not the one described; null to open that
 * @param events takes what the driver's listeners are to hear
 */
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
