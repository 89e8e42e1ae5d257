package io.adapt4j.spark.ml;

import io.adapt4j.core.model.Precision;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.Counters;
import io.adapt4j.spark.internal.rows.PartitionTask;
import io.adapt4j.spark.internal.rows.RowOptions;
import io.adapt4j.spark.internal.rows.RowWork;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.SparkContext;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A stage that adds the output of a model to each row and keeps the order of rows within
 * partitions.
 *
 * <p>An executor loads a model once: tasks share it, and it is closed a minute after the last use
 * ({@link #idleSeconds}). A row's result depends neither on its partition nor on other rows. A row
 * that cannot be computed, such as one with too long a text, gets the reason in {@link #errorCol}
 * and nulls in the other columns, and the job continues ({@link #handleInvalid}). A row with a null
 * input gets nulls only. {@link #metrics} counts the work done.
 *
 * @param <M> the transformer
 */
public abstract class ModelTransformer<M extends ModelTransformer<M>> extends Model<M>
    implements DefaultParamsWritable {

  private static final long serialVersionUID = 1;

  private static final int WINDOW = 1024;
  private static final int IDLE_SECONDS = 60;

  private final String uid;
  private final Param<String> modelPath;
  private final Param<String> adapterPath;
  private final Param<String> precision;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> errorCol;
  private final Param<String> handleInvalid;
  private final IntParam windowSize;
  private final IntParam idleSeconds;
  private final BooleanParam batchInvariant;

  /** Shared with copies, which may run instead of this. */
  private transient @Nullable MetricsHolder holder = new MetricsHolder();

  private static final class MetricsHolder {
    private @Nullable SparkContext context;
    private @Nullable Counters counters;
  }

  ModelTransformer(String uid, String input, String output) {
    this.uid = uid;
    modelPath =
        text(
            "modelPath",
            "folder or file of the model, the same on every executor or shipped to it, or"
                + " hub:owner/name@revision");
    adapterPath =
        text("adapterPath", "folder of an adapter to put on the model; empty for none", "");
    precision =
        text(
            "precision",
            "type of weights and computation: AUTO, FP32, BF16 or FP16",
            Precision.AUTO.name());
    inputCol = text("inputCol", "column that is read", input);
    outputCol = text("outputCol", "column that is added", output);
    errorCol =
        text("errorCol", "column that is added for errors; outputCol with _error unless set", "");
    handleInvalid =
        text(
            "handleInvalid",
            "what becomes of rows that cannot be computed: keep (with the error in errorCol), skip"
                + " or error (fails the job)",
            "keep");
    windowSize =
        number(
            "windowSize", "rows of a partition that are in memory and computed together", WINDOW);
    idleSeconds =
        number(
            "idleSeconds", "how long an executor keeps the model after its last use", IDLE_SECONDS);
    batchInvariant =
        new BooleanParam(
            this,
            "batchInvariant",
            "whether results are the same, to the bit, in every batch (encoders)");
    setDefault(batchInvariant, true);
  }

  static String randomUid(String prefix) {
    return Identifiable$.MODULE$.randomUID(prefix);
  }

  final Param<String> text(String name, String doc) {
    return new Param<>(this, name, doc);
  }

  final Param<String> text(String name, String doc, String initial) {
    Param<String> param = text(name, doc);
    setDefault(param, initial);
    return param;
  }

  final IntParam number(String name, String doc, int initial) {
    IntParam param = new IntParam(this, name, doc, ParamValidators.gt(0));
    setDefault(param, initial);
    return param;
  }

  @SuppressWarnings("unchecked") // M is this class
  final M self() {
    return (M) this;
  }

  /** Sets a parameter and returns this. */
  final <T> M with(Param<T> param, T value) {
    set(param, value);
    return self();
  }

  /** Returns the value of a parameter whose type is erased between Scala and Java. */
  final int value(IntParam param) {
    return (Integer) getOrDefault(param);
  }

  final boolean value(BooleanParam param) {
    return (Boolean) getOrDefault(param);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return the parameter of the model's folder} */
  public Param<String> modelPath() {
    return modelPath;
  }

  /** {@return the parameter of the adapter's folder} */
  public Param<String> adapterPath() {
    return adapterPath;
  }

  /** {@return the parameter of the type of weights and computation} */
  public Param<String> precision() {
    return precision;
  }

  /** {@return the parameter of the column that is read} */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** {@return the parameter of the column that is added} */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** {@return the parameter of the column of errors} */
  public Param<String> errorCol() {
    return errorCol;
  }

  /** {@return the parameter of the handling of rows that cannot be computed} */
  public Param<String> handleInvalid() {
    return handleInvalid;
  }

  /** {@return the parameter of the number of rows computed together} */
  public IntParam windowSize() {
    return windowSize;
  }

  /** {@return the parameter of the time a model stays loaded after its last use} */
  public IntParam idleSeconds() {
    return idleSeconds;
  }

  /** {@return the parameter of whether results are batch-invariant} */
  public BooleanParam batchInvariant() {
    return batchInvariant;
  }

  /**
   * Sets the model: a folder or file accessible to every executor; the name of one shipped with
   * {@code spark.archives} or {@code sparkContext.addFile(path, true)}; or {@code hub:owner/name},
   * optionally with {@code @} and a revision.
   */
  public M setModelPath(String path) {
    return with(modelPath, path);
  }

  /**
   * Sets the adapter to attach to the model: a folder accessible to every executor, or the name of
   * a shipped one. Default: none.
   */
  public M setAdapterPath(String path) {
    return with(adapterPath, path);
  }

  /** Sets the type of weights and computation. Default: {@link Precision#AUTO}. */
  public M setPrecision(Precision type) {
    return with(precision, type.name());
  }

  /** Sets the input column. */
  public M setInputCol(String column) {
    return with(inputCol, column);
  }

  /** Sets the output column, a new one. */
  public M setOutputCol(String column) {
    return with(outputCol, column);
  }

  /** Sets the new column for errors. Default: that of {@link #setOutputCol} with {@code _error}. */
  public M setErrorCol(String column) {
    return with(errorCol, column);
  }

  /**
   * Sets the handling of rows that cannot be computed. Default: {@code keep}.
   *
   * @param how {@code keep}, with the error in its column; {@code skip}, without the row; or {@code
   *     error}, which fails the job
   * @throws IllegalArgumentException if it is another
   */
  public M setHandleInvalid(String how) {
    invalid(how);
    return with(handleInvalid, how);
  }

  /**
   * Sets the number of rows of a partition that are in memory and computed together, at least 1;
   * more are faster, as they are sorted by length.
   */
  public M setWindowSize(int rows) {
    return with(windowSize, rows);
  }

  /**
   * Sets how long an executor keeps an idle model, at least 1 s. Default: {@value #IDLE_SECONDS}.
   */
  public M setIdleSeconds(int seconds) {
    return with(idleSeconds, seconds);
  }

  /**
   * Sets whether vectors and scores are bitwise independent of the rest of their batch, and thus of
   * the partitioning. Default: true. Otherwise they agree up to rounding.
   */
  public M setBatchInvariant(boolean on) {
    return with(batchInvariant, on);
  }

  /** {@return the metrics so far; zeros before the first job} */
  public BatchMetrics metrics() {
    return new BatchMetrics(counters(SparkSession.active().sparkContext()));
  }

  private Counters counters(SparkContext context) {
    MetricsHolder held = holder == null ? new MetricsHolder() : holder;
    holder = held;
    synchronized (held) {
      Counters counters = held.counters;
      if (counters == null || held.context != context) {
        counters = Counters.register(context, uid);
        held.counters = counters;
        held.context = context;
      }
      return counters;
    }
  }

  /** Checks the columns and adds those of the results, without the error column. */
  abstract StructType outputs(StructType schema);

  /** Returns the row work for a DataFrame with these columns. */
  abstract RowWork<?> work(StructType schema);

  @Override
  public StructType transformSchema(StructType schema) {
    if (!isDefined(modelPath)) {
      throw new IllegalArgumentException(
          modelPath + ": expected the folder of a model, found none; set it with setModelPath");
    }
    invalid(getOrDefault(handleInvalid));
    String named = getOrDefault(errorCol);
    String error = named.isEmpty() ? getOrDefault(outputCol) + "_error" : named;
    return Columns.with(outputs(schema), errorCol, error, DataTypes.StringType);
  }

  /**
   * Adds the columns. Nothing is computed before an action, and each action recomputes; sorting
   * does so twice. Persist the result to run the model once.
   *
   * @param dataset rows with the input column
   * @return rows with the output and error columns too
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = dataset.schema();
    StructType result = transformSchema(schema);
    return dataset.toDF().mapPartitions(task(dataset, work(schema)), Encoders.row(result));
  }

  private <T extends AutoCloseable> PartitionTask<T> task(Dataset<?> dataset, RowWork<T> work) {
    RowOptions options =
        new RowOptions(
            value(windowSize),
            Duration.ofSeconds(value(idleSeconds)),
            invalid(getOrDefault(handleInvalid)));
    Counters counters = counters(dataset.sparkSession().sparkContext());
    return new PartitionTask<>(spec(), work, options, counters);
  }

  private ModelSpec spec() {
    return new ModelSpec(
        getOrDefault(modelPath),
        getOrDefault(adapterPath),
        Precision.valueOf(getOrDefault(precision)));
  }

  private RowOptions.Invalid invalid(String how) {
    return switch (how) {
      case "keep" -> RowOptions.Invalid.KEEP;
      case "skip" -> RowOptions.Invalid.SKIP;
      case "error" -> RowOptions.Invalid.ERROR;
      default ->
          throw new IllegalArgumentException(
              handleInvalid + ": expected keep, skip or error, found '" + how + "'");
    };
  }

  @Override
  public M copy(ParamMap extra) {
    M copy = this.<M>defaultCopy(extra);
    ModelTransformer<M> same = copy;
    same.holder = holder;
    if (hasParent()) {
      copy.setParent(parent());
    }
    return copy;
  }

  /** {@return the name of the class and the model} */
  @Override
  public String toString() {
    return "%s[%s, modelPath=%s]"
        .formatted(
            getClass().getSimpleName(),
            uid.toLowerCase(Locale.ROOT),
            isDefined(modelPath) ? getOrDefault(modelPath) : "");
  }
}
