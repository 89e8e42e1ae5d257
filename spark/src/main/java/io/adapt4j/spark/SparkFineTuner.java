package io.adapt4j.spark;

import io.adapt4j.core.FineTuner;
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
import java.util.OptionalDouble;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Fine-tunes on the executors of a Spark cluster, each of which has the whole model and computes
 * some of a step's micro-batches.
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
 * <p>The number of workers changes how long a run takes, not what it computes: losses and weights
 * are those of {@link FineTuner#run}, to the bit, on processors of the same kind with as many
 * threads each. What a step is made of is the run's {@link FineTuner.Builder#gradientAccumulation}:
 * its micro-batches are shared out among the workers, so that it has to be at least their number.
 *
 * <p>Model, data and output are read and written at paths that lead to the same files on every
 * executor. A stage whose executor is lost is run again from the last saved state; so is a run that
 * is started again with {@link FineTuner.Builder#resume}. For one thread.
 */
public final class SparkFineTuner implements AdapterTrainer {

  /** How long nothing may come from another worker, unless told otherwise. */
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
   * Prepares to train on a cluster.
   *
   * @param session the driver's session, not one of Spark Connect
   * @return a tuner with one worker for each task that the cluster can run at once
   */
  public static SparkFineTuner of(SparkSession session) {
    return new SparkFineTuner(session);
  }

  /**
   * How many workers train together. Default: as many tasks as the cluster can run at once, but no
   * more than a step has micro-batches.
   *
   * @param count at least 1
   * @return this tuner
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
   * How long nothing may come from another worker before the attempt is given up; it has to be
   * longer than the slowest step, evaluation or save. Default: {@link #DEFAULT_PATIENCE}.
   *
   * @param limit above zero
   * @return this tuner
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
   * Sends gradients in bf16, and only once a step: half the bytes or less. What rounding takes away
   * is added to the next step's gradients (error feedback). Losses and weights are then no longer
   * those of one process, and differ with the number of workers. Default: fp32.
   *
   * @return this tuner
   */
  public SparkFineTuner compressGradients() {
    this.encoding = Encoding.BF16;
    return this;
  }

  /**
   * The first of 64 ports that workers try to listen at, where a firewall lets only some through.
   * Default: any.
   *
   * @param first from 1024 to 65472
   * @return this tuner
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
   * Encrypts what workers send each other by AES-256-GCM, with keys derived from a random token
   * that workers get by Spark's own messages; have Spark encrypt these, too ({@code
   * spark.network.crypto.enabled}). Without it, workers still show each other that they know the
   * token. Default: off.
   *
   * @return this tuner
   */
  public SparkFineTuner encrypt() {
    this.encrypted = true;
    return this;
  }

  /**
   * Trains on the rows of a DataFrame instead of the run's data, in the order of its partitions and
   * of the rows in them. Columns are named as {@link io.adapt4j.core.data.Datasets#read} recognizes
   * them: {@code text}; {@code prompt} and {@code completion}; {@code messages}; {@code text} and
   * {@code label}; ...
   *
   * <p>Executors write the rows to the folder {@code data} of the run's output, once; a run that
   * goes on reads what is there. No row passes through the driver. For the task of next tokens each
   * worker tokenizes a part of the rows and tells the others their lengths, and reads the rows of
   * its own micro-batches.
   *
   * @param frame the rows, none of them with a null
   * @return this tuner
   */
  public SparkFineTuner data(Dataset<Row> frame) {
    return data(SparkDatasets.of(frame));
  }

  /**
   * Trains on the rows of a DataFrame as {@link #data(Dataset)} does, in the order and with the
   * columns that are chosen.
   *
   * @param rows the rows, with {@link SparkDatasets#orderBy} in an order that does not depend on
   *     how Spark cuts them
   * @return this tuner
   */
  public SparkFineTuner data(SparkDatasets rows) {
    this.data = FrameSource.of("data", rows);
    return this;
  }

  /**
   * Trains on shards that were written before, otherwise as {@link #data(Dataset)} does.
   *
   * @param shards data at the same path on every executor and on the driver
   * @return this tuner
   */
  public SparkFineTuner data(ShardedData shards) {
    this.data = FrameSource.of(shards);
    return this;
  }

  /**
   * Validates with the rows of a DataFrame; only together with {@link #data(Dataset)}. Every worker
   * evaluates all of them.
   *
   * @param frame the rows
   * @return this tuner
   */
  public SparkFineTuner validation(Dataset<Row> frame) {
    return validation(SparkDatasets.of(frame));
  }

  /**
   * Validates with the rows of a DataFrame in the order and with the columns that are chosen.
   *
   * @param rows the rows
   * @return this tuner
   */
  public SparkFineTuner validation(SparkDatasets rows) {
    this.validation = FrameSource.of("validation", rows);
    return this;
  }

  /**
   * Validates with shards that were written before.
   *
   * @param shards data at the same path on every executor and on the driver
   * @return this tuner
   */
  public SparkFineTuner validation(ShardedData shards) {
    this.validation = FrameSource.of(shards);
    return this;
  }

  /**
   * Trains to the end.
   *
   * <p>The run's listeners are told here, on the driver, in a thread of their own, of what the
   * worker that leads reports with each heartbeat of its executor ({@code
   * spark.executor.heartbeatInterval}, 10 s) and at the end. After an attempt has failed, steps
   * since the last saved state are told again. Of steps that are faster than 512 a heartbeat only
   * the newest are told.
   *
   * @param run the run
   * @return how it went
   * @throws io.adapt4j.core.exception.SettingsException naming what is wrong with the run or with
   *     the cluster, and what to do: too few slots, dynamic allocation, a session without RDDs,
   *     data in memory, fewer micro-batches than workers; a column of the data that is missing, of
   *     another type or null
   * @throws io.adapt4j.core.train.TrainingException if every attempt has failed
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

  /** Trains on shards that an estimator wrote, unless its tuning has chosen other data. */
  @Override
  public Path train(SparkSession ofData, FineTuner.Builder tuning, ShardedData shards) {
    SparkContext context = ClusterChecks.context(session);
    ClusterChecks.allocation(context);
    RunData rows = new RunData(shards, null);
    DescribedRun described = DescribedRun.of(tuning.build().description());
    return trained(context, tuning, described, described.reads(rows.open()) ? rows : null).best();
  }

  /**
   * Works out what executors need and how long steps take with some numbers of workers. Times a few
   * steps here, on the driver's machine, which should be one like the executors'; reads the weights
   * and writes nothing.
   *
   * @param run the run
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
        Double.isNaN(run.bestValidationLoss())
            ? OptionalDouble.empty()
            : OptionalDouble.of(run.bestValidationLoss()),
        Path.of(run.best()),
        Path.of(run.last()),
        run.bytesPerStep(),
        run.elapsed());
  }
}
