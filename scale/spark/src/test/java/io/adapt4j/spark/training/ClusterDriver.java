package io.adapt4j.spark.training;

import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.spark.SparkFineTuneReport;
import io.adapt4j.spark.SparkFineTuner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * A driver that does what it is told, a line each: {@code plain RECIPE}, or {@code WORKERS RECIPE}
 * with options; or {@code federated OUTPUT MODEL} and {@code federated-plain OUTPUT MODEL}; or
 * {@code batch FOLDER}. Answers a line each.
 */
final class ClusterDriver {

  private ClusterDriver() {}

  public static void main(String[] args) throws IOException {
    PrintStream answers = System.out;
    System.setOut(System.err);
    SparkSession.Builder builder =
        SparkSession.builder()
            .master(args[0])
            .appName("tests")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
            .config("spark.stage.maxConsecutiveAttempts", "30")
            .config("spark.executor.heartbeatInterval", "2s")
            .config("spark.excludeOnFailure.enabled", "false")
            .config("spark.deploy.maxExecutorRetries", "-1");
    for (int i = 1; i < args.length; i++) {
      builder.config(args[i].split("=", 2)[0], args[i].split("=", 2)[1]);
    }
    try (SparkSession session = builder.getOrCreate();
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      answers.println("ready");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answers.println(answer(session, List.of(line.split(" "))).replace('\n', '|'));
        answers.flush();
      }
    }
  }

  private static String answer(SparkSession session, List<String> words) {
    try {
      if (words.get(0).startsWith("federated")) {
        return FederatedRun.answer(session, words);
      }
      if (words.get(0).equals("batch")) {
        return BatchRun.answer(session, Path.of(words.get(1)));
      }
      RunDescription recipe = RunDescription.read(Path.of(words.get(1)));
      if (words.contains("resume")) {
        recipe = recipe.with("resume", "true");
      }
      if (words.contains("overwrite")) {
        recipe = recipe.with("overwriteOutput", "true");
      }
      FineTuner.Builder run = recipe.builder();
      if (words.get(0).equals("plain")) {
        FineTuneReport report = run.build().run();
        return "done "
            + report.steps()
            + " "
            + report.firstLoss()
            + " "
            + report.lastLoss()
            + " 1 []";
      }
      SparkFineTuner tuner = SparkFineTuner.of(session).workers(Integer.parseInt(words.get(0)));
      if (words.contains("encrypt")) {
        tuner.encrypt();
      }
      if (words.contains("compress")) {
        tuner.compressGradients();
      }
      if (words.contains("frame")) {
        tuner.data(session.read().json("data.jsonl"));
      }
      for (String word : words) {
        if (word.startsWith("patience=")) {
          tuner.patience(Duration.ofMillis(Long.parseLong(word.substring("patience=".length()))));
        }
      }
      SparkFineTuneReport report = tuner.fit(run);
      return "done %s %s %s %s %s"
          .formatted(
              report.steps(),
              report.firstLoss(),
              report.lastLoss(),
              report.attempts(),
              report.failures());
    } catch (Exception e) {
      return "failed " + e + Arrays.toString(e.getStackTrace()).substring(0, 200);
    }
  }
}
