package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.Studio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's way through the studio in Chromium, from a CSV and a PDF to a version that is promoted
 * and rolled back, by {@code src/test/browser/journey.mjs}.
 *
 * <p>Pictures go to {@code target/studio-pictures}; with {@code -Dadapt4j.studio.pictures=true},
 * those of the documentation are replaced too, of a new folder {@code /tmp/shop}. They are old when
 * the headings of their screens are others than those that were noted with them.
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

  private static final Path DOCUMENTED = Path.of("../docs/pictures");
  private static final Path HEADINGS = DOCUMENTED.resolve("studio.json");

  /** Screens with a picture in the documentation. */
  private static final List<String> SHOWN =
      List.of(
          "data",
          "doctor",
          "mask",
          "plan",
          "run-done",
          "exam",
          "forgetting",
          "compare",
          "ask-blind",
          "export",
          "registry");

  private static final boolean REPLACES = Boolean.getBoolean("adapt4j.studio.pictures");

  @TempDir private Path temporary;
  private Path folder;

  /** Begins in a new folder, which has a plain name where pictures show it. */
  @BeforeEach
  void begin() throws Exception {
    folder = REPLACES ? Path.of("/tmp/shop") : temporary;
    Path model = Files.createDirectories(folder.resolve("models/stories260K"));
    try (Stream<Path> files = Files.list(Path.of("../examples/models/stories260K"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
  }

  /** Services outlive the studio, and would this test. */
  @AfterEach
  void stopServices() throws IOException {
    Path workspace = folder.resolve("workspace");
    if (Files.notExists(workspace)) {
      return;
    }
    try (Stream<Path> files = Files.walk(workspace)) {
      for (Path file : files.filter(path -> path.endsWith("service.json")).toList()) {
        long pid = Json.parse(Files.readString(file)).path("pid").asLong();
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
      }
    }
  }

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
    StringBuilder rows = new StringBuilder("question,answer,customer\n");
    for (int i = 0; i < 150; i++) {
      String question = QUESTIONS.get(random.nextInt(QUESTIONS.size()));
      rows.append('"').append(question.formatted(THINGS.get(i % 10))).append(' ').append(i);
      rows.append("\",It is ").append(PLACES.get(i % 5)).append(".,customer-").append(i % 10);
      rows.append('\n');
    }
    rows.append("Who can help me?,Write to anna.meier@example.com.,customer-1\n");
    Files.writeString(folder.resolve("support.csv"), rows);
  }

  @Test
  void aUserGetsFromRowsToAPromotedVersionWithoutAnError() throws Exception {
    Path packages = packages();
    Path chromium = chromium();
    writeRows();
    Path pictures = Path.of("target/studio-pictures");
    Files.createDirectories(pictures);
    try (Studio studio =
        Studio.builder()
            .workspace(folder.resolve("workspace"))
            .models(folder.resolve("models"))
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
      requireNewPictures(found.path("screens"), pictures);
    }
  }

  private static void requireNewPictures(JsonNode screens, Path pictures) throws Exception {
    ObjectNode shown = JsonNodeFactory.instance.objectNode();
    for (String name : SHOWN) {
      shown.set(name, screens.path(name));
    }
    if (REPLACES) {
      for (String name : SHOWN) {
        Files.copy(
            pictures.resolve(name + ".png"),
            DOCUMENTED.resolve("studio-" + name + ".png"),
            StandardCopyOption.REPLACE_EXISTING);
      }
      Files.writeString(HEADINGS, shown.toPrettyString() + "\n");
    }
    assertThat(Json.parse(Files.readString(HEADINGS)))
        .as("docs/pictures are old: run this test with -Dadapt4j.studio.pictures=true")
        .isEqualTo(shown);
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
