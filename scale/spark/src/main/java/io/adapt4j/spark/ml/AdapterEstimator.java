package io.adapt4j.spark.ml;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import io.adapt4j.spark.internal.model.ModelSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a LoRA adapter on a DataFrame; the resulting model is a transformer that uses the adapter.
 *
 * <p>The rows are written as shards below {@link #outputPath} ({@link SparkDatasets}) and never
 * collected. {@link #setOrderCol} makes their order, and thus the adapter, independent of
 * partitioning. Training runs in the driver's process unless {@link #setTrainer} is set. Settings
 * of {@link #setTuning} and {@link #setTrainer} are not saved with the estimator.
 *
 * @param <E> the estimator
 * @param <M> the transformer
 */
public abstract class AdapterEstimator<
        E extends AdapterEstimator<E, M>, M extends ModelTransformer<M>>
    extends Estimator<M> implements DefaultParamsWritable {

  private static final long serialVersionUID = 1;

  private static final int RANK = 16;

  private final String uid;
  private final Param<String> modelPath;
  private final Param<String> outputPath;
  private final Param<String> precision;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> orderCol;
  private final IntParam rank;
  private final IntParam epochs;
  private final IntParam maxSteps;
  private final IntParam batchSize;
  private final IntParam maxLength;
  private final DoubleParam learningRate;
  private final BooleanParam packing;
  private final LongParam seed;
  private transient AdapterTrainer trainer = AdapterTrainer.inDriver();
  private transient UnaryOperator<FineTuner.Builder> tuning = builder -> builder;

  AdapterEstimator(String uid, String input, String output) {
    this.uid = uid;
    modelPath = text("modelPath", "folder or file of the base, or hub:owner/name@revision");
    outputPath = text("outputPath", "folder for data, checkpoints and adapter, not there yet");
    precision =
        text("precision", "type of computation: AUTO, FP32, BF16 or FP16", Precision.AUTO.name());
    inputCol = text("inputCol", "column that is read", input);
    outputCol = text("outputCol", "column of what is learnt", output);
    orderCol =
        text("orderCol", "column that sorts the rows; empty for the order of partitions", "");
    rank = number("rank", "rank of the matrices", 1, RANK);
    epochs = number("epochs", "passes over the data", 1, 1);
    maxSteps = number("maxSteps", "steps to end after; 0 for none", 0, 0);
    batchSize = number("batchSize", "rows of a step", 1, 8);
    maxLength = number("maxLength", "most tokens of a row; 0 for the default", 0, 0);
    learningRate =
        new DoubleParam(
            this, "learningRate", "the highest; 0 for the default", ParamValidators.gtEq(0));
    packing = new BooleanParam(this, "packing", "whether short rows share a sequence");
    seed = new LongParam(this, "seed", "decides initialization and order");
    setDefault(learningRate, 0.0);
    setDefault(packing, false);
    setDefault(seed, 0L);
  }

  static String randomUid(String prefix) {
    return Identifiable$.MODULE$.randomUID(prefix);
  }

  private Param<String> text(String name, String doc) {
    return new Param<>(this, name, doc);
  }

  private Param<String> text(String name, String doc, String initial) {
    Param<String> param = text(name, doc);
    setDefault(param, initial);
    return param;
  }

  private IntParam number(String name, String doc, int least, int initial) {
    IntParam param = new IntParam(this, name, doc, ParamValidators.gtEq(least));
    setDefault(param, initial);
    return param;
  }

  @SuppressWarnings("unchecked") // E is this class
  private <T> E with(Param<T> param, T value) {
    set(param, value);
    return (E) this;
  }

  private int value(IntParam param) {
    return (Integer) getOrDefault(param);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return the parameter of the base's folder} */
  public Param<String> modelPath() {
    return modelPath;
  }

  /** {@return the parameter of the output folder} */
  public Param<String> outputPath() {
    return outputPath;
  }

  /** {@return the parameter of the compute type} */
  public Param<String> precision() {
    return precision;
  }

  /** {@return the parameter of the input column} */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** {@return the parameter of the target column} */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** {@return the parameter of the column that sorts the rows} */
  public Param<String> orderCol() {
    return orderCol;
  }

  /** {@return the parameter of the rank} */
  public IntParam rank() {
    return rank;
  }

  /** {@return the parameter of the number of epochs} */
  public IntParam epochs() {
    return epochs;
  }

  /** {@return the parameter of the maximum number of steps} */
  public IntParam maxSteps() {
    return maxSteps;
  }

  /** {@return the parameter of the batch size} */
  public IntParam batchSize() {
    return batchSize;
  }

  /** {@return the parameter of the maximum number of tokens per row} */
  public IntParam maxLength() {
    return maxLength;
  }

  /** {@return the parameter of the learning rate} */
  public DoubleParam learningRate() {
    return learningRate;
  }

  /** {@return the parameter of whether to pack short rows into one sequence} */
  public BooleanParam packing() {
    return packing;
  }

  /** {@return the parameter of the seed} */
  public LongParam seed() {
    return seed;
  }

  /**
   * Sets the base: a folder or file, or {@code hub:owner/name}, optionally with {@code @} and a
   * revision. The transformer reads it on every executor.
   */
  public E setModelPath(String path) {
    return with(modelPath, path);
  }

  /** Sets the folder for data, checkpoints and adapter: a new one that driver and executors see. */
  public E setOutputPath(String folder) {
    return with(outputPath, folder);
  }

  /** Sets the compute type. Default: {@link Precision#AUTO}. */
  public E setPrecision(Precision type) {
    return with(precision, type.name());
  }

  /** Sets the input column. */
  public E setInputCol(String column) {
    return with(inputCol, column);
  }

  /** Sets the target column. */
  public E setOutputCol(String column) {
    return with(outputCol, column);
  }

  /**
   * Sets the column that sorts the rows before training. Default: none, the order of partitions.
   */
  public E setOrderCol(String column) {
    return with(orderCol, column);
  }

  /** Sets the rank of the adapter, at least 1. Default: {@value #RANK}. */
  public E setRank(int value) {
    return with(rank, value);
  }

  /** Sets the number of epochs, at least 1. Default: 1. */
  public E setEpochs(int passes) {
    return with(epochs, passes);
  }

  /** Sets the maximum number of steps; 0, the default, for none. */
  public E setMaxSteps(int steps) {
    return with(maxSteps, steps);
  }

  /** Sets the batch size, at least 1. Default: 8. */
  public E setBatchSize(int rows) {
    return with(batchSize, rows);
  }

  /**
   * Sets the maximum number of tokens per row; 0, the default, for that of {@link
   * FineTuner.Builder#maxLength}.
   */
  public E setMaxLength(int tokens) {
    return with(maxLength, tokens);
  }

  /** Sets the learning rate; 0, the default, for that of the method. */
  public E setLearningRate(double rate) {
    return with(learningRate, rate);
  }

  /** Sets whether short rows are packed into one sequence. Default: false. */
  public E setPacking(boolean on) {
    return with(packing, on);
  }

  /** Sets the seed. Default: 0. */
  public E setSeed(long value) {
    return with(seed, value);
  }

  /**
   * Sets the trainer. Default: {@link AdapterTrainer#inDriver}. With a {@code SparkFineTuner}, the
   * micro-batches of a step are distributed among workers: set at least as many with {@link
   * #setTuning} and {@link FineTuner.Builder#gradientAccumulation}.
   */
  @SuppressWarnings("unchecked") // E is this class
  public E setTrainer(AdapterTrainer runs) {
    trainer = Objects.requireNonNull(runs, "runs");
    return (E) this;
  }

  /**
   * Sets a customization of the fine-tuning, such as another method or a listener, which modifies
   * the builder and returns it; applied last.
   */
  @SuppressWarnings("unchecked") // E is this class
  public E setTuning(UnaryOperator<FineTuner.Builder> changes) {
    tuning = Objects.requireNonNull(changes, "changes");
    return (E) this;
  }

  /** Checks the input columns. */
  abstract void checkColumns(StructType schema);

  /** Returns the names of the two columns in shards. */
  abstract List<String> fieldNames(StructType schema);

  /** Sets the task. */
  abstract FineTuner.Builder task(FineTuner.Builder builder);

  /** Returns the transformer, without paths. */
  abstract M transformer();

  @Override
  public StructType transformSchema(StructType schema) {
    if (!isDefined(modelPath) || !isDefined(outputPath)) {
      throw new IllegalArgumentException(
          "%s, %s: expected both, found %s"
              .formatted(modelPath, outputPath, isDefined(modelPath) ? "the first" : "neither"));
    }
    checkColumns(schema);
    if (!getOrDefault(orderCol).isEmpty()) {
      Columns.require(schema, orderCol, getOrDefault(orderCol), "anything", type -> true);
    }
    return schema;
  }

  @Override
  public M fit(org.apache.spark.sql.Dataset<?> frame) {
    transformSchema(frame.schema());
    SparkSession session = frame.sparkSession();
    Path output = Path.of(getOrDefault(outputPath));
    Path data = output.resolve("data").toAbsolutePath();
    ShardedData written = write(frame.toDF(), data);
    FineTuner.Builder builder =
        tuning.apply(builder(written.openOnDemand(), output.resolve("run")));
    Path adapter = trainer.train(session, builder, written);
    M model =
        transformer()
            .setModelPath(getOrDefault(modelPath))
            .setAdapterPath(adapter.toAbsolutePath().normalize().toString())
            .setPrecision(Precision.valueOf(getOrDefault(precision)));
    return model.setParent(this);
  }

  private ShardedData write(org.apache.spark.sql.Dataset<Row> frame, Path folder) {
    try {
      return shards(frame).write(folder.toUri().toString());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s '%s' and %s '%s', written as %s: %s"
              .formatted(
                  inputCol.name(),
                  getOrDefault(inputCol),
                  outputCol.name(),
                  getOrDefault(outputCol),
                  fieldNames(frame.schema()),
                  e.getMessage()),
          e);
    }
  }

  private SparkDatasets shards(org.apache.spark.sql.Dataset<Row> frame) {
    List<String> names = fieldNames(frame.schema());
    String key = getOrDefault(orderCol);
    String sorted = "_order";
    List<org.apache.spark.sql.Column> columns = new ArrayList<>();
    columns.add(functions.col(getOrDefault(inputCol)).as(names.get(0)));
    if (names.size() > 1) {
      columns.add(functions.col(getOrDefault(outputCol)).as(names.get(1)));
    }
    if (!key.isEmpty()) {
      columns.add(functions.col(key).as(sorted));
    }
    SparkDatasets data =
        SparkDatasets.of(frame.select(columns.toArray(new org.apache.spark.sql.Column[0])))
            .fields(names.toArray(new String[0]))
            .withoutNulls();
    return key.isEmpty() ? data : data.orderBy(sorted);
  }

  private FineTuner.Builder builder(Dataset rows, Path output) {
    String path = getOrDefault(modelPath);
    FineTuningMethod method = Lora.rank(value(rank));
    FineTuner.Builder builder =
        task(FineTuner.builder())
            .model(source(path))
            .dataset(rows)
            .method(method)
            .output(output)
            .epochs(value(epochs))
            .batchSize(value(batchSize))
            .precision(Precision.valueOf(getOrDefault(precision)))
            .packing((Boolean) getOrDefault(packing))
            .seed((Long) getOrDefault(seed));
    if (value(maxSteps) > 0) {
      builder.maxSteps(value(maxSteps));
    }
    if (value(maxLength) > 0) {
      builder.maxLength(value(maxLength));
    }
    double rate = (Double) getOrDefault(learningRate);
    return rate > 0 ? builder.learningRate(rate) : builder;
  }

  private static ModelSource source(String path) {
    return new ModelSpec(path, "", Precision.AUTO).source();
  }

  @Override
  public E copy(ParamMap extra) {
    E copy = this.<E>defaultCopy(extra);
    AdapterEstimator<E, M> same = copy;
    same.trainer = trainer;
    same.tuning = tuning;
    return copy;
  }
}
