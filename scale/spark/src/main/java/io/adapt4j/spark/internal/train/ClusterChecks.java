package io.adapt4j.spark.internal.train;

import io.adapt4j.core.exception.SettingsException;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/** Checks that a cluster can run all workers of a training at the same time. */
public final class ClusterChecks {

  /** Time limit for executors to register after the application has started. */
  private static final Duration REGISTRATION = Duration.ofSeconds(30);

  /** Time to wait for further executors after one has registered. */
  private static final Duration SETTLING = Duration.ofSeconds(15);

  private static final int POLL_MILLIS = 200;

  private ClusterChecks() {}

  private static SettingsException refused(String problem) {
    return SettingsException.ofFineTuning(List.of(problem));
  }

  public static SparkContext context(SparkSession session) {
    try {
      return session.sparkContext();
    } catch (RuntimeException | LinkageError e) {
      throw refused(
          "this session is one of Spark Connect, or serverless, and has no RDDs, so no task can"
              + " talk to another. Train where the driver runs in the cluster (spark-submit"
              + " --deploy-mode cluster, or a classic session); transformers work here, too.");
    }
  }

  /** Rejects dynamic allocation of executors. */
  public static void allocation(SparkContext context) {
    if (context.getConf().getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw refused(
          "spark.dynamicAllocation.enabled is true, with which Spark runs no tasks that need each"
              + " other. Set it to false and ask for executors with spark.executor.instances.");
    }
  }

  public static int workers(SparkContext context, int wanted, int microBatches) {
    SparkConf conf = context.getConf();
    if (wanted > microBatches) {
      throw refused(
          ("%s workers share out the micro-batches of a step, and there are %s. Set"
                  + " gradientAccumulation to at least %s, and batchSize smaller for the same"
                  + " number of examples a step; or take fewer workers.")
              .formatted(wanted, microBatches, wanted));
    }
    int slots = slots(context, wanted > 0 ? wanted : microBatches);
    requireRoom(wanted, slots, context.getExecutorIds().size(), conf);
    return wanted > 0 ? wanted : Math.min(slots, microBatches);
  }

  static void requireRoom(int wanted, int slots, int executors, SparkConf conf) {
    String master = conf.get("spark.master");
    if (slots == 0) {
      throw refused(
          ("no executor has registered at %s within %s s, so there is nobody to train. Look at the"
                  + " master's page: does it have workers, do they have what was asked for"
                  + " (spark.executor.memory=%s, spark.executor.cores=%s), and do other applications"
                  + " leave it free?")
              .formatted(
                  master,
                  REGISTRATION.toSeconds(),
                  conf.get("spark.executor.memory", "1g"),
                  conf.get("spark.executor.cores", "all")));
    }
    if (wanted > slots) {
      throw refused(
          ("%s workers need as many tasks at the same time, and the cluster runs %s (master %s,"
                  + " spark.task.cpus=%s, %s executors). Ask for more executors or cores, or take"
                  + " %s workers.")
              .formatted(
                  wanted, slots, master, conf.getInt("spark.task.cpus", 1), executors, slots));
    }
  }

  /**
   * Returns the number of tasks that can run at the same time, waiting for executors to register
   * until there are enough or no more come.
   */
  private static int slots(SparkContext context, int needed) {
    long changed = System.nanoTime();
    int slots = 0;
    while (true) {
      int now =
          context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
      changed = now > slots ? System.nanoTime() : changed;
      slots = now;
      Duration limit = slots > 0 ? SETTLING : REGISTRATION;
      if (slots >= needed || context.isLocal() || System.nanoTime() - changed > limit.toNanos()) {
        return slots;
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return slots;
      }
    }
  }
}
