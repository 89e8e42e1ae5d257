package io.adapt4j.spark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Memory needs and step times of a run for several numbers of workers. Estimated from one worker's
 * needs and the network bandwidth; nothing is run on a cluster.
 *
 * @param peakBytes memory of one worker's process at its peak
 * @param gradientBytes size of the gradients of all trainable parameters
 * @param microBatches micro-batches per step
 * @param microBatchTime time of a micro-batch on one worker
 * @param gigabitsPerSecond bandwidth of each worker's connection, in each direction
 * @param compressed whether gradients travel in bf16
 * @param counts the numbers of workers
 */
public record ScaleOutPlan(
    long peakBytes,
    long gradientBytes,
    int microBatches,
    Duration microBatchTime,
    double gigabitsPerSecond,
    boolean compressed,
    List<Workers> counts) {

  /** Heap of a worker, in addition to tensors, which are off-heap. */
  public static final long HEAP_BYTES = 1L << 30;

  private static final double RESERVE = 1.1;
  private static final double GIGABIT = 1e9 / Byte.SIZE;
  private static final long MEBIBYTE = 1L << 20;

  /**
   * Estimate for a number of workers.
   *
   * @param workers number of workers
   * @param overheadBytes required {@code spark.executor.memoryOverhead}, with one worker per
   *     executor
   * @param bytesPerStep bytes that each worker sends, and receives, per step
   * @param stepTime time of a step
   * @param speedUp speedup over one worker
   */
  public record Workers(
      int workers, long overheadBytes, long bytesPerStep, Duration stepTime, double speedUp) {

    /** {@return the settings of an executor with this worker} */
    public List<String> settings() {
      return List.of(
          "spark.executor.instances=" + workers,
          "spark.executor.memory=" + HEAP_BYTES / MEBIBYTE + "m",
          "spark.executor.memoryOverhead=" + (overheadBytes + MEBIBYTE - 1) / MEBIBYTE + "m");
    }
  }

  /** Copies the list. */
  public ScaleOutPlan {
    counts = List.copyOf(counts);
  }

  /**
   * Computes a plan.
   *
   * @param peakBytes memory of one worker's process at its peak
   * @param trainable number of trainable parameters
   * @param microBatchTime time of a micro-batch on one worker
   * @param gigabitsPerSecond bandwidth of each worker's connection, in each direction
   * @return the plan for 1, 2, 4, ... workers up to the number of micro-batches, included
   * @throws IllegalArgumentException if a number is not above zero
   */
  public static ScaleOutPlan of(
      long peakBytes,
      long trainable,
      int microBatches,
      Duration microBatchTime,
      double gigabitsPerSecond,
      boolean compressed) {
    if (peakBytes < 1 || trainable < 1 || microBatches < 1 || !(gigabitsPerSecond > 0)) {
      throw new IllegalArgumentException(
          "expected numbers above zero, found %s bytes, %s values, %s micro-batches, %s Gbit/s"
              .formatted(peakBytes, trainable, microBatches, gigabitsPerSecond));
    }
    long gradients = trainable * Float.BYTES;
    double alone = microBatches * seconds(microBatchTime);
    List<Workers> counts = new ArrayList<>();
    for (int next = 1; next < 2 * microBatches; next *= 2) {
      int workers = Math.min(next, microBatches);
      int rounds = (microBatches + workers - 1) / workers;
      long others = gradients / workers * (workers - 1);
      long bytes = compressed ? others : (rounds + 1L) * others;
      long sums = workers == 1 ? 0 : gradients / workers + (compressed ? gradients : 0);
      double seconds = alone * rounds / microBatches + bytes / (gigabitsPerSecond * GIGABIT);
      counts.add(
          new Workers(
              workers,
              Math.max(0, Math.round((peakBytes + sums) * RESERVE)),
              bytes,
              Duration.ofNanos(Math.round(seconds * 1e9)),
              alone / seconds));
    }
    return new ScaleOutPlan(
        peakBytes, gradients, microBatches, microBatchTime, gigabitsPerSecond, compressed, counts);
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /** {@return the plan as readable text, one line per number of workers} */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s micro-batches a step of %.2f s each, gradients of %.1f MB, %.1f Gbit/s%n",
            microBatches,
            seconds(microBatchTime),
            gradientBytes / 1e6,
            gigabitsPerSecond));
    for (Workers count : counts) {
      text.append(
          String.format(
              Locale.ROOT,
              "%s workers: %.1f MB sent and received a step, %.2f s a step, %.2f times as fast; %s%n",
              count.workers(),
              count.bytesPerStep() / 1e6,
              seconds(count.stepTime()),
              count.speedUp(),
              String.join(" ", count.settings())));
    }
    return text.toString();
  }
}
