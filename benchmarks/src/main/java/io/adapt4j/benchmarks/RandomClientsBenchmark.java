package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * Stress test of a server with clients that connect, disconnect and time out at random: checks for
 * wrong or lost answers, and for growth of threads or memory.
 */
@InSuite(quick = "--seconds 4", full = "")
public final class RandomClientsBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of("--seconds", "60", "--clients", "32", "--seed", "1");

  private RandomClientsBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param line {@code --seconds}, {@code --clients}, {@code --seed} of what they do
   * @throws IOException if the server cannot be asked for its state
   * @throws InterruptedException if this thread is interrupted
   */
  public static void main(String[] line) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    int clients = arguments.number("--clients", 1);
    double part = arguments.number("--seconds", 1) / 4.0;
    int seed = arguments.number("--seed", 0);
    Report report = new Report("A server under random clients, stories260K, fp32");
    Machine.describe(report);
    try (LanguageModel model =
            LanguageModel.load(ModelSource.path(ExampleFiles.model()), Precision.FP32);
        ModelServer server = ModelServer.builder().model("m", model).start()) {
      RandomClients random = new RandomClients(server.address(), "m", model);
      report.line("before", "%s", ServerState.idle(server.address(), 10));
      for (int i = 0; i < 4; i++) {
        RandomClients.Outcome outcome = random.run(clients, part, seed + i);
        report.line(
            "after %.0f s".formatted((i + 1) * part),
            "%s; %d requests, %d wrong, %d lost",
            ServerState.idle(server.address(), 10),
            outcome.total(),
            outcome.wrong().size(),
            outcome.lost().size());
        outcome.wrong().stream().limit(5).forEach(wrong -> report.line("wrong", "%s", wrong));
        outcome.lost().stream().limit(5).forEach(lost -> report.line("lost", "%s", lost));
      }
    }
    report.print();
  }
}
