package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendedLinesTest {

  @TempDir Path folder;

  private List<String> read(Path file) throws IOException {
    List<String> found = new ArrayList<>();
    AppendedLines.open(file, line -> found.add(CheckedJson.ofLine(line).get("a").asText())).close();
    return found;
  }

  /** What is logged while something runs: the tests log to the standard error. */
  private static String warnings(Path file, List<String> found) throws IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try {
      AppendedLines.open(file, line -> found.add(CheckedJson.ofLine(line).get("a").asText()))
          .close();
    } finally {
      System.setErr(before);
    }
    return logged.toString(StandardCharsets.UTF_8);
  }

  @Test
  void oneBadLineIsSkippedWithItsNumberAndStays() throws IOException {
    Path file = folder.resolve("x/lines.jsonl");
    List<byte[]> damages =
        List.of(
            "{\"a\":\"2\"".getBytes(StandardCharsets.UTF_8),
            new byte[] {(byte) 0xff, (byte) 0xfe, '{', '}'},
            "{\"a\":\"7\",\"crc32c\":\"00000000\"}".getBytes(StandardCharsets.UTF_8),
            new byte[300_000]);
    for (byte[] damage : damages) {
      Files.createDirectories(file.getParent());
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      content.writeBytes("{\"a\":\"1\"}\n".getBytes(StandardCharsets.UTF_8));
      content.writeBytes(damage);
      content.writeBytes("\n{\"a\":\"3\"}\n{\"a\":\"4\"}\n".getBytes(StandardCharsets.UTF_8));
      Files.write(file, content.toByteArray());
      List<String> found = new ArrayList<>();
      String logged = warnings(file, found);
      assertThat(found).containsExactly("1", "3", "4");
      assertThat(logged).contains(file.toString(), "line 2 ").doesNotContain("line 3 ");
      assertThat(Files.readAllBytes(file)).isEqualTo(content.toByteArray());
    }
  }

  @Test
  void aLastLineWithoutAnEndIsEndedOrCutOff() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    Files.writeString(file, "{\"a\":\"1\"}\n{\"a\":\"2\"}");
    assertThat(read(file)).containsExactly("1", "2");
    assertThat(Files.readString(file)).isEqualTo("{\"a\":\"1\"}\n{\"a\":\"2\"}\n");
    Files.writeString(file, "{\"a\":\"1\"}\n{\"a\":\"2");
    assertThat(read(file)).containsExactly("1");
    assertThat(Files.readString(file)).isEqualTo("{\"a\":\"1\"}\n");
    try (AppendedLines lines = AppendedLines.open(file, line -> {})) {
      lines.append("{\"a\":\"5\"}");
      assertThat(read(file)).containsExactly("1", "5");
    }
  }

  @Test
  void whatIsAppendedAfterASkippedLineIsRead() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    Files.writeString(file, "damaged\n");
    try (AppendedLines lines = AppendedLines.open(file, line -> {})) {
      lines.append("{\"a\":\"ü\u2028\"}");
    }
    assertThat(read(file)).containsExactly("ü\u2028");
  }

  @Test
  void aFileOfWholeLinesStaysAsItIs() throws IOException {
    Path file = folder.resolve("new/lines.jsonl");
    List<String> found = new ArrayList<>();
    AppendedLines.open(file, found::add).close();
    assertThat(file).isEmptyFile();
    Files.writeString(file, "a\n\nb\n");
    AppendedLines.open(file, found::add).close();
    assertThat(found).containsExactly("a", "", "b");
    assertThat(Files.readString(file)).isEqualTo("a\n\nb\n");
  }

  @Test
  void ofManyDamagedLinesTheFirstTenAreToldAndTheirNumber() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    Files.writeString(file, "damaged\n".repeat(10));
    assertThat(warnings(file, new ArrayList<>()))
        .contains("line 10 is damaged")
        .doesNotContain("in all");
    Files.writeString(file, "damaged\n".repeat(12));
    assertThat(warnings(file, new ArrayList<>()))
        .contains("line 10 is damaged", "12 lines in all")
        .doesNotContain("line 11 ");
  }

  @Test
  void whyALineIsDamagedIsSaidOnOneLine() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    Files.writeString(file, "a\nb\n");
    PrintStream before = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try {
      AppendedLines.open(
              file,
              line -> {
                throw line.equals("a") ? new IOException() : new IOException("cause\nsource");
              })
          .close();
    } finally {
      System.setErr(before);
    }
    assertThat(logged.toString(StandardCharsets.UTF_8))
        .contains("skipped: java.io.IOException", "skipped: cause")
        .doesNotContain("source");
  }
}
