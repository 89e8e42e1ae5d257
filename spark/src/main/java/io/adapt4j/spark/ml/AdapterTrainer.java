package io.adapt4j.spark.ml;

import io.adapt4j.core.FineTuner;
import io.adapt4j.spark.data.ShardedData;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Runs the fine-tuning that an {@link AdapterEstimator} has set up. The default runs it in the
 * process of the driver; a {@code SparkFineTuner} runs it on many workers.
 */
@FunctionalInterface
public interface AdapterTrainer {

  /**
   * Trains.
   *
   * @param session the session of the data
   * @param tuning model, task, data, method and output are set
   * @return the folder of the adapter, on storage that every executor sees
   */
  Path train(SparkSession session, FineTuner.Builder tuning);

  /**
   * Trains on data that was written as shards, which workers can open by themselves.
   *
   * @param session the session of the data
   * @param tuning model, task, data, method and output are set
   * @param data the rows that an estimator has set as data; the tuning may have others by now
   * @return the folder of the adapter, on storage that every executor sees
   */
  default Path train(SparkSession session, FineTuner.Builder tuning, ShardedData data) {
    return train(session, tuning);
  }

  /** {@return one that trains in the process of the driver} */
  static AdapterTrainer inDriver() {
    return (session, tuning) -> tuning.build().run().best();
  }
}
