package io.adapt4j.spark.internal.rows;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/** Counters of a stage across all executors. */
public record Counters(
    LongAccumulator rows,
    LongAccumulator nulls,
    LongAccumulator errors,
    LongAccumulator tokens,
    LongAccumulator nanos)
    implements Serializable {

  /** Registers counters, which Spark's UI shows with the stage. */
  public static Counters register(SparkContext context, String name) {
    return new Counters(
        context.longAccumulator(name + " rows"),
        context.longAccumulator(name + " nulls"),
        context.longAccumulator(name + " errors"),
        context.longAccumulator(name + " tokens"),
        context.longAccumulator(name + " nanoseconds"));
  }
}
