package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real small model learns by rewards alone, with an adapter whose absence is the reference. */
class StoryPolicyTest {

  @TempDir private Path output;

  @Test
  void storiesSpeakOfWhatTheRewardAsksFor() {
    StoryRuns runs = new StoryRuns(examples(), output, 1);
    StoryRuns.Result result = runs.run(1);
    assertThat(result.start().get("reward")).isLessThan(0.4);
    assertThat(result.end().get("reward")).isGreaterThan(result.start().get("reward") + 0.2);
    assertThat(result.start().get("kl")).isLessThan(1e-4);
    assertThat(result.end().get("kl")).isBetween(0.01, 2.0);
    assertThat(runs.samples(result.adapter(), 1))
        .singleElement()
        .asString()
        .contains("before: ", "after:  ");
  }

  @Test
  void aReaderOfCheerfulStoriesIsCaughtInPairs() {
    StoryRuns runs = new StoryRuns(examples(), output, 1);
    List<String> prompts =
        StoryPreferences.texts(StoryRewards.prompts(output).train()).subList(0, 8);
    assertThat(StoryPreferences.cheer("Tom laughed and had fun. He laughed.")).isEqualTo(2);
    assertThat(
            StoryPreferences.collect(runs.base(), prompts, 16, output.resolve("pairs.jsonl"))
                .train()
                .size())
        .isPositive();
  }

  private static Path examples() {
    return Files.exists(Path.of("models")) ? Path.of("") : Path.of("examples");
  }
}
