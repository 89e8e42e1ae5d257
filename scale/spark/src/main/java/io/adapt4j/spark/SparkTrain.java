package io.adapt4j.spark;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.spark.internal.launch.SparkProcess;
import io.adapt4j.spark.internal.launch.TrainArguments;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;

/**
 * Trains on Spark by a run description: the program for {@code spark-submit}.
 *
 * <pre>{@code
 * spark-submit --class io.adapt4j.spark.SparkTrain adapt4j-spark-submit.jar run.yaml --workers 4
 * }</pre>
 *
 * <p>With {@code --master local-cluster[2,1,1024]} or {@code local[2]} it needs no Spark
 * installation: it restarts itself with the settings that Spark requires of a process.
 */
public final class SparkTrain {

  private SparkTrain() {}

  /**
   * Trains.
   *
   * @param args the description's file and options; none for a list of them
   * @throws IOException if a process cannot be started
   * @throws InterruptedException if the wait for it is interrupted
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    int code;
    try {
      TrainArguments arguments = TrainArguments.read(List.of(args));
      code =
          arguments.needsProcess()
              ? SparkProcess.run(SparkTrain.class.getName(), List.of(args))
              : train(arguments);
    } catch (IllegalArgumentException | Adapt4jException e) {
      System.err.println(e.getMessage());
      code = 1;
    }
    if (code != 0) {
      System.exit(code);
    }
  }

  private static int train(TrainArguments arguments) throws IOException {
    RunDescription run = arguments.description();
    SparkSession.Builder builder = SparkSession.builder().appName("adapt4j " + arguments.file());
    arguments.master().ifPresent(builder::master);
    arguments.settings().forEach(builder::config);
    try (SparkSession session = builder.getOrCreate()) {
      SparkFineTuner tuner = SparkFineTuner.of(session);
      arguments.workers().ifPresent(tuner::workers);
      arguments.patience().map(Duration::ofSeconds).ifPresent(tuner::patience);
      if (arguments.isCompressed()) {
        tuner.compressGradients();
      }
      if (arguments.isEncrypted()) {
        tuner.encrypt();
      }
      if (arguments.planned().isPresent()) {
        System.out.print(tuner.plan(run.builder(), arguments.planned().get()).text());
      } else {
        System.out.print(text(tuner.fit(run.builder().listener(TrainingListeners.console()))));
      }
    }
    return 0;
  }

  private static String text(SparkFineTuneReport report) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s steps by %s workers in %.1f s; loss %.4f -> %.4f%n",
            report.steps(),
            report.workers(),
            report.elapsed().toMillis() / 1e3,
            report.firstLoss(),
            report.lastLoss()));
    if (report.bestValidationLoss().isPresent()) {
      text.append(
          String.format(
              Locale.ROOT,
              "Best validation loss %.4f%n",
              report.bestValidationLoss().getAsDouble()));
    }
    text.append(
        String.format(
            Locale.ROOT, "%.2f MB sent a step by each worker%n", report.bytesPerStep() / 1e6));
    report
        .failures()
        .forEach(failure -> text.append("Failed attempt: ").append(failure).append('\n'));
    text.append("Checkpoint: ").append(Path.of("").toAbsolutePath().relativize(report.best()));
    return text.append('\n').toString();
  }
}
