package io.adapt4j.spark.internal.train;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The barrier stage whose tasks train together. Another stage follows it, since Spark does not
 * retry a barrier stage that is the last one.
 */
public final class BarrierStage {

  private BarrierStage() {}

  /** Outcome of a stage. */
  public record Outcome(FinishedRun run, List<String> failures) {}

  public static Outcome run(
      SparkContext context, int workers, WorkerOrder order, TrainingListener listener) {
    context.register(order.events(), "adapt4j run events");
    AttemptFailures failures = new AttemptFailures();
    EventReceiver receiver = new EventReceiver(order.events(), listener);
    context.addSparkListener(failures);
    context.addSparkListener(receiver);
    boolean completed = false;
    try {
      List<WorkerTask.Result> results = collect(context, workers, order);
      Outcome outcome = new Outcome(finished(results), failures.all());
      completed = true;
      return outcome;
    } catch (SettingsException e) {
      throw e;
    } catch (Exception e) { // Spark's exceptions are checked, but undeclared.
      throw new TrainingException(
          "Training on Spark failed. The first failure of each attempt:\n  "
              + String.join("\n  ", failures.all())
              + "\nStates saved before are intact; go on from them with resume().",
          e);
    } finally {
      context.removeSparkListener(failures);
      context.removeSparkListener(receiver);
      receiver.finish(completed);
    }
  }

  private static List<WorkerTask.Result> collect(
      SparkContext context, int workers, WorkerOrder order) {
    JavaSparkContext java = JavaSparkContext.fromSparkContext(context);
    List<Integer> ranks = IntStream.range(0, workers).boxed().toList();
    ClassTag<WorkerTask.Result> type = ClassTag$.MODULE$.apply(WorkerTask.Result.class);
    RDD<WorkerTask.Result> trained =
        java.parallelize(ranks, workers)
            .rdd()
            .barrier()
            .mapPartitions(new WorkerTask(order), false, type);
    return new JavaRDD<>(trained, type).repartition(1).collect();
  }

  private static void requireNone(Stream<WorkerTask.Result> results) {
    List<String> problems =
        results.flatMap(result -> result.problems().stream()).distinct().toList();
    if (!problems.isEmpty()) {
      throw SettingsException.ofFineTuning(problems);
    }
  }

  static FinishedRun finished(List<WorkerTask.Result> results) {
    requireNone(results.stream().filter(result -> !result.told()));
    requireNone(results.stream());
    for (WorkerTask.Result result : results) {
      if (result.report() != null) {
        return result.report().value();
      }
    }
    throw new IllegalStateException("no worker has reported");
  }
}
