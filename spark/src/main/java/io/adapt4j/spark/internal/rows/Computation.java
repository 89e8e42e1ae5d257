package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import java.io.Serializable;

/** What is computed of rows. */
record Computation<T extends AutoCloseable>(
    ModelSpec spec, RowWork<T> work, RowOptions options, Counters counters)
    implements Serializable {}
