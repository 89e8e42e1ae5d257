package io.adapt4j.spark.ml;

import io.adapt4j.core.finetune.FineTuner;
import java.util.List;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a language model on a column of prompts and one of completions, or on a column of
 * conversations ({@code inputCol}: arrays of structures with role and content), and returns a
 * {@link GenerateTransformer} that names its output column like the completions', prefixed with
 * {@code predicted_}.
 */
public final class GenerateAdapterEstimator
    extends AdapterEstimator<GenerateAdapterEstimator, GenerateTransformer> {

  private static final long serialVersionUID = 1;

  /** Creates an estimator that reads {@code prompt} and {@code completion}. */
  public GenerateAdapterEstimator() {
    this(randomUid("generate_adapter"));
  }

  /** Creates an estimator with a name, as Spark does. */
  public GenerateAdapterEstimator(String uid) {
    super(uid, "prompt", "completion");
  }

  private boolean isChat(StructType schema) {
    return GenerateWork.isConversation(schema.apply(getOrDefault(inputCol())).dataType());
  }

  @Override
  void checkColumns(StructType schema) {
    Columns.require(
        schema,
        inputCol(),
        getOrDefault(inputCol()),
        "a string, or an array of structures with role and content",
        type -> type.equals(DataTypes.StringType) || GenerateWork.isConversation(type));
    if (!isChat(schema)) {
      Columns.requireText(schema, outputCol(), getOrDefault(outputCol()));
    }
  }

  @Override
  List<String> fieldNames(StructType schema) {
    return isChat(schema) ? List.of("messages") : List.of("prompt", "completion");
  }

  @Override
  FineTuner.Builder task(FineTuner.Builder builder) {
    return builder;
  }

  @Override
  GenerateTransformer transformer() {
    return new GenerateTransformer()
        .setInputCol(getOrDefault(inputCol()))
        .setOutputCol("predicted_" + getOrDefault(outputCol()));
  }

  private static final class Reader implements DefaultParamsReadable<GenerateAdapterEstimator> {}

  /** {@return a reader of saved estimators} */
  public static MLReader<GenerateAdapterEstimator> read() {
    return new Reader().read();
  }

  /**
   * Loads a saved estimator.
   *
   * @param path its folder
   * @return the estimator
   */
  public static GenerateAdapterEstimator load(String path) {
    return read().load(path);
  }
}
