package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConsoleDownloadsTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ConsoleDownloads downloads =
      new ConsoleDownloads(new PrintStream(bytes, true, StandardCharsets.UTF_8));

  private List<String> printed() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void aLargeFilesTenthsAreToldOnceEach() {
    downloads.fileStarted("w", 20_000_000, 0);
    for (long received : new long[] {1_999_999, 2_000_000, 3_999_999, 10_000_000, 4_000_000}) {
      downloads.bytesReceived("w", received, 20_000_000);
    }
    downloads.bytesReceived("w", 20_000_000, 20_000_000);
    downloads.fileFinished("w", 20_000_000);
    assertThat(printed())
        .containsExactly(
            "Downloading w (20.0 MB)", "w: 10 % of 20.0 MB", "w: 50 % of 20.0 MB", "Downloaded w");
  }

  @Test
  void tenthsOfAnEarlierDownloadAreNotToldAgain() {
    downloads.fileStarted("w", 100_000_000, 55_000_000);
    downloads.bytesReceived("w", 59_000_000, 100_000_000);
    downloads.bytesReceived("w", 60_000_000, 100_000_000);
    assertThat(printed())
        .containsExactly(
            "Downloading w (100.0 MB, 55.0 MB of it from an earlier download)",
            "w: 60 % of 100.0 MB");
  }

  @Test
  void aSmallFileHasNoTenths() {
    downloads.fileStarted("config.json", 19_999_999, 0);
    downloads.bytesReceived("config.json", 10_000_000, 19_999_999);
    assertThat(printed()).containsExactly("Downloading config.json (20.0 MB)");
  }

  @Test
  void noticesAreTold() {
    downloads.notice("slow");
    assertThat(printed()).containsExactly("slow");
  }

  @ParameterizedTest
  @CsvSource({
    "-1, size unknown",
    "0, 0 B",
    "999, 999 B",
    "1000, 1.0 kB",
    "999999, 1000.0 kB",
    "1000000, 1.0 MB",
    "1500000000, 1.5 GB",
    "2000000000000, 2.0 TB",
    "3000000000000000, 3000.0 TB"
  })
  void sizesAreInDecimalUnits(long count, String text) {
    assertThat(ConsoleDownloads.bytes(count)).isEqualTo(text);
  }
}
