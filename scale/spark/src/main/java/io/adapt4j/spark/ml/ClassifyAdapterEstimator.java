package io.adapt4j.spark.ml;

import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.task.Task;
import java.util.List;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a classifier on a column of texts and one of labels. The resulting {@link
 * ClassifyTransformer} names its output column like the labels', prefixed with {@code predicted_}.
 */
public final class ClassifyAdapterEstimator
    extends AdapterEstimator<ClassifyAdapterEstimator, ClassifyTransformer> {

  private static final long serialVersionUID = 1;

  /** Creates an estimator that reads {@code text} and {@code label}. */
  public ClassifyAdapterEstimator() {
    this(randomUid("classify_adapter"));
  }

  /** Creates an estimator with a name, as Spark does. */
  public ClassifyAdapterEstimator(String uid) {
    super(uid, "text", "label");
  }

  @Override
  void checkColumns(StructType schema) {
    Columns.requireText(schema, inputCol(), getOrDefault(inputCol()));
    Columns.requireText(schema, outputCol(), getOrDefault(outputCol()));
  }

  @Override
  List<String> fieldNames(StructType schema) {
    return List.of("text", "label");
  }

  @Override
  FineTuner.Builder task(FineTuner.Builder builder) {
    return builder.task(Task.classification());
  }

  @Override
  ClassifyTransformer transformer() {
    return new ClassifyTransformer()
        .setInputCol(getOrDefault(inputCol()))
        .setOutputCol("predicted_" + getOrDefault(outputCol()));
  }

  private static final class Reader implements DefaultParamsReadable<ClassifyAdapterEstimator> {}

  /** {@return a reader of saved estimators} */
  public static MLReader<ClassifyAdapterEstimator> read() {
    return new Reader().read();
  }

  /**
   * Loads a saved estimator.
   *
   * @param path its folder
   * @return the estimator
   */
  public static ClassifyAdapterEstimator load(String path) {
    return read().load(path);
  }
}
