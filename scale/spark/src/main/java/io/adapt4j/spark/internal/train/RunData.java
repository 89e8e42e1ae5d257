package io.adapt4j.spark.internal.train;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.spark.data.ShardedData;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** Shards that a run trains on, opened by the workers. */
public record RunData(ShardedData train, @Nullable ShardedData validation) implements Serializable {

  /** {@return the rows, opened on demand} */
  public Split open() {
    Dataset rows = train.openOnDemand();
    Dataset held = validation == null ? rows.take(0) : validation.openOnDemand();
    return new Split(rows, held, rows.take(0));
  }
}
