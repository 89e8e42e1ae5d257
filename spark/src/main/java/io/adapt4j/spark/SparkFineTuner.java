package io.adapt4j.spark;

import io.adapt4j.core.FineTuner;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.spark.internal.collective.Encoding;
import io.adapt4j.spark.internal.train.BarrierStage;
import io.adapt4j.spark.internal.train.ClusterChecks;
import io.adapt4j.spark.internal.train.DescribedRun;
import io.adapt4j.spark.internal.train.FinishedRun;
import io.adapt4j.spark.internal.train.WorkerOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

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
public final class SparkFineTuner {

  /** How long nothing may come from another worker, unless told otherwise. */
  public static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(10);

  private static final int TIMED_STEPS = 3;

  private final SparkSession session;
  private int workers;
  private Duration patience = DEFAULT_PATIENCE;
  private Encoding encoding = Encoding.FP32;
  private int port;
  private boolean encrypted;

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
   * Trains to the end.
   *
   * @param run the run; its listeners are not told of anything
   * @return how it went
   * @throws io.adapt4j.core.exception.SettingsException naming what is wrong with the run or with
   *     the cluster, and what to do: too few slots, dynamic allocation, a session without RDDs,
   *     data in memory, fewer micro-batches than workers
   * @throws io.adapt4j.core.train.TrainingException if every attempt has failed
   */
  public SparkFineTuneReport fit(FineTuner.Builder run) {
    SparkContext context = ClusterChecks.context(session);
    DescribedRun described = DescribedRun.of(run.build().description());
    int count = ClusterChecks.workers(context, workers, described.microBatches());
    WorkerOrder order =
        new WorkerOrder(described.text(), described.start(), patience, encoding, port, encrypted);
    described.clearStates();
    return report(BarrierStage.run(context, count, order), count);
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
