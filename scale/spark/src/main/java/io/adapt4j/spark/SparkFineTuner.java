package io.adapt4j.spark;

import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import io.adapt4j.spark.internal.collective.Encoding;
import io.adapt4j.spark.internal.train.BarrierStage;
import io.adapt4j.spark.internal.train.ClusterChecks;
import io.adapt4j.spark.internal.train.DescribedRun;
import io.adapt4j.spark.internal.train.FinishedRun;
import io.adapt4j.spark.internal.train.FrameSource;
import io.adapt4j.spark.internal.train.RunData;
import io.adapt4j.spark.internal.train.RunEvents;
import io.adapt4j.spark.internal.train.RunSources;
import io.adapt4j.spark.internal.train.WorkerOrder;
import io.adapt4j.spark.ml.AdapterTrainer;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Fine-tunes on the executors of a Spark cluster, each of which holds the whole model and computes
 * some of a step's micro-batches (data parallelism).
 *
 * <pre>{@code
 * SparkFineTuneReport report = SparkFineTuner.of(session)
 *     .workers(4)
 *     .fit(FineTuner.builder()
 *         .model(ModelSource.path(Path.of("/shared/models/SmolLM2-135M")))
 *         .dataset(Datasets.jsonl(Path.of("/shared/support.jsonl")))
 *         .method(Lora.rank(16))
 *         .gradientAccumulation(4)
 *         .output(Path.of("/shared/runs/support")));
 * }</pre>
 *
 * <p>The number of workers affects only the run time: losses and weights are bitwise identical to
 * those of {@link FineTuner#run} on processors of the same kind with the same number of threads.
 * The micro-batches of {@link FineTuner.Builder#gradientAccumulation} are distributed among the
 * workers, so it has to be at least their number.
 *
 * <p>Paths of model, data and output must lead to the same files on every executor. If an executor
 * is lost, the stage is retried from the last saved state; a run started again with {@link
 * FineTuner.Builder#resume} continues from there too. Not thread-safe.
 */
public final class SparkFineTuner implements AdapterTrainer {

  /** Default limit of silence from another worker. */
  public static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(10);

  private static final int TIMED_STEPS = 3;

  private final SparkSession session;
  private int workers;
  private Duration patience = DEFAULT_PATIENCE;
  private Encoding encoding = Encoding.FP32;
  private int port;
  private boolean encrypted;
  private @Nullable FrameSource data;
  private @Nullable FrameSource validation;

  private SparkFineTuner(SparkSession session) {
    this.session = session;
  }

  /**
   * Creates a tuner for a cluster.
   *
   * @param session the driver's session, not one of Spark Connect
   * @return a tuner with one worker for each task that the cluster can run at once
   */
  public static SparkFineTuner of(SparkSession session) {
    return new SparkFineTuner(session);
  }

  /**
   * Sets the number of workers. Default: the number of tasks that the cluster can run at once, but
   * at most the number of micro-batches per step.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SparkFineTuner workers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("workers must be at least 1, found " + count);
    }
    this.workers = count;
    return this;
  }

  /**
   * Sets how long another worker may be silent before the attempt is aborted; must exceed the
   * slowest step, evaluation or save. Default: {@link #DEFAULT_PATIENCE}.
   *
   * @param limit above zero
   * @throws IllegalArgumentException if it is not above zero
   */
  public SparkFineTuner patience(Duration limit) {
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException("patience must be above zero, found " + limit);
    }
    this.patience = limit;
    return this;
  }

  /**
   * Sends gradients in bf16, and only once per step: at most half the bytes. Rounding errors are
   * added to the next step's gradients (error feedback). Losses and weights then differ from those
   * of one process and depend on the number of workers. Default: fp32.
   */
  public SparkFineTuner compressGradients() {
    this.encoding = Encoding.BF16;
    return this;
  }

  /**
   * Sets the first of 64 ports that workers try to listen on, for firewalls. Default: any free
   * port.
   *
   * @param first from 1024 to 65472
   * @throws IllegalArgumentException if it is out of range
   */
  public SparkFineTuner port(int first) {
    if (first < 1024 || first > 65_472) {
      throw new IllegalArgumentException("port must be from 1024 to 65472, found " + first);
    }
    this.port = first;
    return this;
  }

  /**
   * Encrypts traffic between workers with AES-256-GCM. Keys are derived from a random token sent in
   * Spark's own messages; encrypt these too ({@code spark.network.crypto.enabled}). Without
   * encryption, workers still authenticate each other by the token. Default: off.
   */
  public SparkFineTuner encrypt() {
    this.encrypted = true;
    return this;
  }

  /**
   * Trains on the rows of a DataFrame instead of the run's data, in the order of partitions and
   * rows. Columns are named as {@link io.adapt4j.core.data.Datasets#read} recognizes them: {@code
   * text}; {@code prompt} and {@code completion}; {@code messages}; {@code text} and {@code label};
   * ...
   *
   * <p>Executors write the rows once to the folder {@code data} of the run's output; a resumed run
   * reads them there. No row passes through the driver. For next-token prediction, each worker
   * tokenizes part of the rows, exchanges their lengths with the others, and reads only the rows of
   * its micro-batches. Rows with nulls are refused.
   */
  public SparkFineTuner data(Dataset<Row> frame) {
    return data(SparkDatasets.of(frame));
  }

  /**
   * Trains on the rows of a DataFrame as {@link #data(Dataset)} does, with the chosen columns and
   * order; {@link SparkDatasets#orderBy} makes it independent of partitioning.
   */
  public SparkFineTuner data(SparkDatasets rows) {
    this.data = new FrameSource("data", rows, null);
    return this;
  }

  /**
   * Trains on previously written shards, at the same path on every executor and on the driver;
   * otherwise like {@link #data(Dataset)}.
   */
  public SparkFineTuner data(ShardedData shards) {
    this.data = new FrameSource("data", null, shards);
    return this;
  }

  /**
   * Validates on the rows of a DataFrame; only together with {@link #data(Dataset)}. Every worker
   * evaluates all of them.
   */
  public SparkFineTuner validation(Dataset<Row> frame) {
    return validation(SparkDatasets.of(frame));
  }

  /** Validates on the rows of a DataFrame with the chosen order and columns. */
  public SparkFineTuner validation(SparkDatasets rows) {
    this.validation = new FrameSource("validation", rows, null);
    return this;
  }

  /**
   * Validates on previously written shards, at the same path on every executor and on the driver.
   */
  public SparkFineTuner validation(ShardedData shards) {
    this.validation = new FrameSource("validation", null, shards);
    return this;
  }

  /**
   * Runs the training.
   *
   * <p>The run's listeners are called on the driver, in a separate thread, with the events that the
   * leading worker reports at each heartbeat of its executor ({@code
   * spark.executor.heartbeatInterval}, 10 s) and at the end. After a failed attempt, steps since
   * the last saved state are reported again. If there are more than 512 steps per heartbeat, only
   * the newest are reported.
   *
   * @param run the run
   * @return the report
   * @throws io.adapt4j.core.exception.SettingsException naming the problem with the run or the
   *     cluster and its remedy: too few slots, dynamic allocation, a session without RDDs, data in
   *     memory, fewer micro-batches than workers; a missing, mistyped or null column of the data
   * @throws io.adapt4j.core.train.TrainingException if all attempts failed
   */
  public SparkFineTuneReport fit(FineTuner.Builder run) {
    SparkContext context = ClusterChecks.context(session);
    ClusterChecks.allocation(context);
    RunSources.Prepared prepared = RunSources.prepare(data, validation, run);
    return trained(context, run, prepared.described(), prepared.data());
  }

  private SparkFineTuneReport trained(
      SparkContext context, FineTuner.Builder run, DescribedRun described, @Nullable RunData rows) {
    int count = ClusterChecks.workers(context, workers, described.microBatches());
    WorkerOrder order =
        new WorkerOrder(
            described.text(),
            described.start(),
            patience,
            encoding,
            port,
            encrypted,
            rows,
            new RunEvents());
    described.clearStates();
    return report(BarrierStage.run(context, count, order, run.listeners()), count);
  }

  /** Trains on the run's data. For {@link io.adapt4j.spark.ml.AdapterEstimator#setTrainer}. */
  @Override
  public Path train(SparkSession ofData, FineTuner.Builder tuning) {
    return fit(tuning).best();
  }

  /** Trains on shards that an estimator wrote, unless the run has other data. */
  @Override
  public Path train(SparkSession ofData, FineTuner.Builder tuning, ShardedData shards) {
    SparkContext context = ClusterChecks.context(session);
    ClusterChecks.allocation(context);
    RunData rows = new RunData(shards, null);
    DescribedRun described = DescribedRun.of(tuning.build().description());
    return trained(context, tuning, described, described.reads(rows.open()) ? rows : null).best();
  }

  /**
   * Estimates memory needs and step times for several numbers of workers. Times a few steps on the
   * driver's machine, which should be similar to the executors'; reads the weights and writes
   * nothing.
   *
   * @param gigabitsPerSecond bandwidth of each executor's connection, in each direction
   * @return the plan, for up to as many workers as a step has micro-batches
   * @throws io.adapt4j.core.exception.SettingsException if the run cannot be described or started
   */
  public ScaleOutPlan plan(FineTuner.Builder run, double gigabitsPerSecond) {
    FineTuner tuner = run.build();
    int microBatches = DescribedRun.of(tuner.description()).microBatches();
    FineTunePlan plan = tuner.plan(Device.current(), TIMED_STEPS);
    double step = plan.timed().orElseThrow().secondsPerStep();
    return ScaleOutPlan.of(
        plan.peakBytes().orElseThrow(),
        plan.trainableParameters(),
        microBatches,
        Duration.ofNanos(Math.round(step / microBatches * 1e9)),
        gigabitsPerSecond,
        encoding == Encoding.BF16);
  }

  private SparkFineTuneReport report(BarrierStage.Outcome outcome, int count) {
    FinishedRun run = outcome.run();
    return new SparkFineTuneReport(
        count,
        run.attempt() + 1,
        outcome.failures(),
        run.steps(),
        run.firstLoss(),
        run.lastLoss(),
        run.bestValidationLoss(),
        run.best(),
        run.last(),
        run.bytesPerStep(),
        run.elapsed());
  }
}
