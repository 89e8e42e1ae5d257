package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import java.io.Serializable;

/** Computation of a stage over rows. */
record Computation<T extends AutoCloseable>(
    ModelSpec spec, RowWork<T> work, RowOptions options, Counters counters)
    implements Serializable {}
