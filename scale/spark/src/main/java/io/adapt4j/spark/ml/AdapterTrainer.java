package io.adapt4j.spark.ml;

import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.spark.data.ShardedData;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Runs the fine-tuning configured by an {@link AdapterEstimator}. The default runs it in the
 * driver's process; a {@code SparkFineTuner} runs it on many workers.
 */
@FunctionalInterface
public interface AdapterTrainer {

  /**
   * Runs the training.
   *
   * @param session the session of the data
   * @param tuning builder with model, task, data, method and output set
   * @return the folder of the adapter, on storage accessible to every executor
   */
  Path train(SparkSession session, FineTuner.Builder tuning);

  /**
   * Runs the training on shards, which workers can open themselves.
   *
   * @param data the rows set by an estimator; the tuning may have replaced them
   * @return the folder of the adapter, on storage accessible to every executor
   */
  default Path train(SparkSession session, FineTuner.Builder tuning, ShardedData data) {
    return train(session, tuning);
  }

  /** {@return a trainer that runs in the driver's process} */
  static AdapterTrainer inDriver() {
    return (session, tuning) -> tuning.build().run().best();
  }
}
