package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an evaluation that is killed asks twice: what was in flight, and nothing else. */
@Timeout(300)
class KilledEvaluationTest {

  private static final int ITEMS = 5000;

  @TempDir Path folder;

  private static Task counting() {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      items.add(
          Tasks.answerItem(
              "q" + i,
              "What is " + i + "?",
              GenerationOptions.greedy(),
              List.of(String.valueOf(i)),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of()));
    }
    return new Task("counting", items, List.of(TaskMetric.mean("exact_match")), false);
  }

  /** Evaluates a function that notes whatever it is asked. */
  static final class Evaluating {
    private Evaluating() {}

    public static void main(String[] arguments) {
      Path asked = Path.of(arguments[0]).resolve("asked");
      Candidate candidate =
          Candidate.of(
              TextGenerator.of(
                  "noting",
                  prompt -> {
                    try {
                      Files.writeString(
                          asked,
                          prompt + "\n",
                          StandardOpenOption.CREATE,
                          StandardOpenOption.APPEND);
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                    // Else it may be done before it is killed.
                    LockSupport.parkNanos(200_000);
                    return prompt.replaceAll("\\D", "");
                  }));
      EvaluationReport report = evaluator(Path.of(arguments[0])).evaluate(candidate);
      System.out.println(report.result("counting").score().value());
    }
  }

  private static Evaluator evaluator(Path folder) {
    return Evaluator.builder().tasks(counting()).replies(folder.resolve("replies")).build();
  }

  @Test
  void askingAFunctionAKillCostsAtMostTheOneRequestInFlight() throws Exception {
    int kills = 6;
    for (int kill = 1; kill <= kills; kill++) {
      Process process = start();
      try {
        while (process.isAlive() && asked().size() < kill * ITEMS / (kills + 2)) {
          Thread.sleep(1);
        }
        assertThat(process.isAlive()).isTrue();
        assertThatIllegalStateException()
            .isThrownBy(
                () ->
                    evaluator(folder)
                        .evaluate(Candidate.of(TextGenerator.of("noting", prompt -> "no"))))
            .withMessageContaining("in use");
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
    Process last = start();
    String score = new String(last.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(last.waitFor(200, TimeUnit.SECONDS)).isTrue();
    assertThat(score).isEqualTo("1.0");
    List<String> asked = asked();
    assertThat(asked.stream().distinct().count()).isEqualTo(ITEMS);
    assertThat(asked.size() - ITEMS).as("asked twice").isLessThanOrEqualTo(kills);
  }

  private List<String> asked() throws IOException {
    Path file = folder.resolve("asked");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            Evaluating.class.getName(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
