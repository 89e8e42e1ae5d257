package io.adapt4j.spark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a run needs and how long its steps take with some numbers of workers. Computed of what one
 * worker needs and of the network's bandwidth; nothing was run on a cluster for it.
 *
 * @param peakBytes memory of one worker's process at its peak
 * @param gradientBytes what the gradients of all that trains take
 * @param microBatches micro-batches a step
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

  /** Heap that a worker needs beside the tensors, which lie outside it. */
  public static final long HEAP_BYTES = 1L << 30;

  private static final double RESERVE = 1.1;
  private static final double GIGABIT = 1e9 / Byte.SIZE;
  private static final long MEBIBYTE = 1L << 20;

  /**
   * A number of workers.
   *
   * @param workers how many
   * @param overheadBytes what {@code spark.executor.memoryOverhead} has to be, for one worker an
   *     executor
   * @param bytesPerStep bytes each worker sends in a step, and as many it receives
   * @param stepTime time of a step
   * @param speedUp how many times faster than one worker
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

  /**
   * Copies the list.
   *
   * @param peakBytes memory of one worker's process at its peak
   * @param gradientBytes what the gradients of all that trains take
   * @param microBatches micro-batches a step
   * @param microBatchTime time of a micro-batch on one worker
   * @param gigabitsPerSecond bandwidth of each worker's connection, in each direction
   * @param compressed whether gradients travel in bf16
   * @param counts the numbers of workers
   */
  public ScaleOutPlan {
    counts = List.copyOf(counts);
  }

  /**
   * Computes a plan.
   *
   * @param peakBytes memory of one worker's process at its peak
   * @param trainable values that train
   * @param microBatches micro-batches a step
   * @param microBatchTime time of a micro-batch on one worker
   * @param gigabitsPerSecond bandwidth of each worker's connection, in each direction
   * @param compressed whether gradients travel in bf16
   * @return the plan, for 1, 2, 4, ... workers up to the number of micro-batches, and for that
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
    List<Workers> counts = new ArrayList<>();
    double alone = microBatches * seconds(microBatchTime);
    for (int workers = 1; workers <= microBatches; workers *= 2) {
      int next = workers;
      counts.add(
          count(next, peakBytes, gradients, microBatches, alone, gigabitsPerSecond, compressed));
    }
    if (Integer.bitCount(microBatches) > 1) {
      counts.add(
          count(
              microBatches,
              peakBytes,
              gradients,
              microBatches,
              alone,
              gigabitsPerSecond,
              compressed));
    }
    return new ScaleOutPlan(
        peakBytes, gradients, microBatches, microBatchTime, gigabitsPerSecond, compressed, counts);
  }

  private static Workers count(
      int workers,
      long peakBytes,
      long gradients,
      int microBatches,
      double alone,
      double gigabitsPerSecond,
      boolean compressed) {
    int rounds = (microBatches + workers - 1) / workers;
    long others = gradients / workers * (workers - 1);
    long bytes = compressed ? others : (rounds + 1L) * others;
    long sums = workers == 1 ? 0 : gradients / workers + (compressed ? gradients : 0);
    double seconds = alone * rounds / microBatches + bytes / (gigabitsPerSecond * GIGABIT);
    return new Workers(
        workers,
        Math.max(0, Math.round((peakBytes + sums) * RESERVE)),
        bytes,
        Duration.ofNanos(Math.round(seconds * 1e9)),
        alone / seconds);
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /** {@return the plan for people, a line for each number of workers} */
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
