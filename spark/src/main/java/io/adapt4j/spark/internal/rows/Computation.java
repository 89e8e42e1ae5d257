package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import java.io.Serializable;

/**
 * What is computed of rows.
 *
 * @param <T> the model
 * @param spec the model
 * @param work what to do with it
 * @param options how
 * @param counters what is counted
 */
record Computation<T extends AutoCloseable>(
    ModelSpec spec, RowWork<T> work, RowOptions options, Counters counters)
    implements Serializable {}
