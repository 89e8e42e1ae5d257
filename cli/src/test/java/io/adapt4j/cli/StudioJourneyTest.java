package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.Studio;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's way through the studio in Chromium, from a CSV and a PDF to a version that is promoted
 * and rolled back, by {@code src/test/browser/journey.mjs}.
 *
 * <p>Pictures go to the folder of the property {@code adapt4j.studio.pictures}, otherwise to {@code
 * target/studio-pictures}.
 */
@Timeout(900)
class StudioJourneyTest {

  private static final List<String> THINGS =
      List.of(
          "bicycle", "lamp", "helmet", "bell", "pump", "saddle", "tire", "chain", "basket", "lock");
  private static final List<String> PLACES =
      List.of("in the blue box", "on the top shelf", "by the door", "at the desk", "in the yard");
  private static final List<String> QUESTIONS =
      List.of("Where is the %s?", "Where do I find the %s?", "Which place has the %s?");

  @TempDir private Path folder;

  private static Path packages() {
    String named = System.getProperty("adapt4j.playwright", System.getenv("ADAPT4J_PLAYWRIGHT"));
    assumeTrue(
        named != null && Files.isDirectory(Path.of(named, "node_modules", "playwright-core")),
        "ADAPT4J_PLAYWRIGHT: no folder with the npm packages playwright-core and axe-core;"
            + " .ci/playwright makes one and prints its name");
    return Path.of(named);
  }

  private static Path chromium() {
    List<Path> found =
        Stream.of("chromium", "chromium-browser", "google-chrome", "chrome")
            .map(name -> Path.of("/usr/bin", name))
            .filter(Files::isExecutable)
            .toList();
    assumeTrue(!found.isEmpty(), "no Chromium in /usr/bin; .ci/chromium installs it");
    return found.get(0);
  }

  private void writeRows() throws Exception {
    Random random = new Random(5);
    StringBuilder rows = new StringBuilder("question,answer\n");
    for (int i = 0; i < 150; i++) {
      String question = QUESTIONS.get(random.nextInt(QUESTIONS.size()));
      rows.append('"').append(question.formatted(THINGS.get(i % 10))).append(' ').append(i);
      rows.append("\",It is ").append(PLACES.get(i % 5)).append(".\n");
    }
    rows.append("Who can help me?,Write to anna.meier@example.com.\n");
    Files.writeString(folder.resolve("support.csv"), rows);
  }

  @Test
  void aUserGetsFromRowsToAPromotedVersionWithoutAnError() throws Exception {
    Path packages = packages();
    Path chromium = chromium();
    writeRows();
    Path pictures =
        Path.of(System.getProperty("adapt4j.studio.pictures", "target/studio-pictures"));
    Files.createDirectories(pictures);
    try (Studio studio =
        Studio.builder()
            .workspace(folder.resolve("workspace"))
            .models(Path.of("../examples/models"))
            .start()) {
      JsonNode found =
          run(
              new ProcessBuilder(
                  "node",
                  "src/test/browser/journey.mjs",
                  studio.link().toString(),
                  folder.toString(),
                  pictures.toString()),
              packages,
              chromium);
      assertThat(found.path("violations")).isEmpty();
      assertThat(found.path("complaints")).isEmpty();
    }
  }

  private JsonNode run(ProcessBuilder builder, Path packages, Path chromium) throws Exception {
    builder.environment().put("ADAPT4J_PLAYWRIGHT", packages.toString());
    builder.environment().put("CHROMIUM", chromium.toString());
    Path log = folder.resolve("journey.log");
    Process process = builder.redirectError(log.toFile()).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as("%s", Files.readString(log)).isZero();
      System.out.println("Journey: " + said);
      return Json.parse(said);
    } finally {
      process.destroy();
    }
  }
}
