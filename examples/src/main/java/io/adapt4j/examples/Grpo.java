package io.adapt4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Teaches a model of children's stories by rewards alone to speak of three given things and to come
 * to an end: GRPO with two reward functions, over three seeds. Prints rewards on held-out prompts
 * before and after, the divergence from the initial model, and sample stories, since a rising
 * reward does not show how it was earned.
 *
 * <p>Run it from the root of the repository. The argument {@code short} trains half as long.
 */
public final class Grpo {

  private static final List<Long> SEEDS = List.of(1L, 2L, 3L);
  private static final int SAMPLES = 3;

  private Grpo() {}

  /**
   * Runs the example.
   *
   * @param args optionally {@code short}
   */
  public static void main(String[] args) {
    boolean isShort = args.length > 0 && args[0].equals("short");
    StoryRuns runs = new StoryRuns(Path.of("examples"), Path.of("runs/grpo"), isShort ? 2 : 4);
    StringBuilder table =
        new StringBuilder(
            """
            | seed | | reward | words | ending | KL a token | truncated | tokens |
            | --- | --- | --- | --- | --- | --- | --- | --- |
            """);
    for (long seed : SEEDS) {
      StoryRuns.Result result = runs.run(seed);
      table.append(row(seed, "start", result.start())).append(row(seed, "end", result.end()));
      if (seed == SEEDS.get(0)) {
        runs.samples(result.adapter(), SAMPLES).forEach(System.out::println);
      }
    }
    System.out.println(table);
  }

  private static String row(long seed, String when, Map<String, Double> metrics) {
    return String.format(
        "| %d | %s | %.3f | %.3f | %.3f | %.4f | %.2f | %.0f |%n",
        seed,
        when,
        metrics.get("reward"),
        metrics.get("reward/words"),
        metrics.get("reward/ending"),
        metrics.get("kl"),
        metrics.get("truncated"),
        metrics.get("length"));
  }
}
