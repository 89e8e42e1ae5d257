package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class FeedbackLogLawsTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  @Property(tries = 25)
  void expiryRemovesAllThatIsExpiredAndNothingElse(
      @ForAll @Size(max = 12) List<@IntRange(max = 20) Integer> ages,
      @ForAll @IntRange(min = 1, max = 20) int days)
      throws IOException {
    Path folder = Files.createTempDirectory("feedback");
    try {
      FeedbackLog log =
          FeedbackLog.at(folder)
              .retention(Duration.ofDays(days))
              .clock(Clock.fixed(NOW, ZoneOffset.UTC))
              .open();
      List<String> old = new ArrayList<>();
      List<String> young = new ArrayList<>();
      for (int i = 0; i < ages.size(); i++) {
        String id = "answer " + i + ".";
        Instant time = NOW.minus(Duration.ofDays(ages.get(i)));
        log.record(FeedbackLogTest.answer(id).withTime(time));
        (ages.get(i) >= days ? old : young).add(id);
      }
      assertThat(log.expire()).isEqualTo(old);
      assertThat(log.read().answers()).extracting(RecordedAnswer::id).isEqualTo(young);
      String stored = Files.readString(folder.resolve("feedback.jsonl"));
      assertThat(old).noneMatch(stored::contains);
      assertThat(log.expire()).isEmpty();
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(
          file -> {
            try {
              Files.delete(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    Files.delete(folder);
  }
}
