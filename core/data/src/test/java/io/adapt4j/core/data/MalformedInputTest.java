package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files give rows or a {@link DatasetException}, and nothing else. */
class MalformedInputTest {

  private static final int FILES = 10_000;
  private static final List<String> NAMES = List.of("a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt");
  private static final List<String> CONTENTS =
      List.of(
          "{\"text\":\"one\",\"label\":\"a\"}\n{\"text\":\"two \\u00e9\",\"label\":[1,true]}\n",
          "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"}\n",
          "[{\"instruction\":\"i\",\"input\":\"\",\"output\":\"o\"},{\"instruction\":\"j\"}]",
          "{\"data\":[{\"title\":\"t\",\"paragraphs\":[{\"context\":\"c\",\"qas\":[{\"question\":"
              + "\"q\",\"answers\":[{\"text\":\"a\"}]}]}]}]}",
          "[{\"messages\":[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
              + "\"content\":\"a\"}],\"tools\":[]}]",
          "{\"conversations\":[{\"from\":\"human\",\"value\":\"h\"},{\"from\":\"gpt\",\"value\":"
              + "\"g\"}]}\n",
          "text,label\n\"a \"\"b\"\"\nc\",x\nplain,y\n",
          "sentence\tlabel\r\ngood\t1\r\n\"bad\t0\r\n",
          "One paragraph.\n\nAnother \u00e9 \ud83d\ude00 one.\n");
  private static final List<Shape> SHAPES = List.of(Shape.values());
  private static final byte[] PIECES =
      "\"\"{}[],:\n\r\t\\u\u0000 0-1e9truenull\u00ff\u00fe\u00ef\u00bb\u00bf"
          .getBytes(StandardCharsets.ISO_8859_1);

  @TempDir Path folder;

  @Test
  void tenThousandDamagedFilesGiveOnlyDatasetExceptions() {
    int[] refused = new int[1];
    assertTimeoutPreemptively(
        Duration.ofMinutes(5),
        () -> {
          for (int seed = 0; seed < FILES; seed++) {
            refused[0] += isRefused(seed) ? 1 : 0;
          }
        });
    // Both ways out are taken often.
    assertThat(refused[0]).isBetween(FILES / 10, FILES * 19 / 20);
  }

  private boolean isRefused(int seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] content = CONTENTS.get(random.nextInt(CONTENTS.size())).getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(8) == 0) {
      content = new String(content, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_16);
    }
    boolean packed = random.nextInt(6) == 0;
    if (!packed || random.nextBoolean()) {
      content = damaged(content, random);
    }
    if (packed) {
      content = damaged(gzip(content), random);
    }
    Path file = folder.resolve(NAMES.get(random.nextInt(NAMES.size())));
    Files.write(file, content);
    DatasetReader reader = Datasets.read(file);
    if (random.nextBoolean()) {
      reader.skipMalformed();
    }
    if (random.nextInt(3) == 0) {
      reader.shape(SHAPES.get(random.nextInt(SHAPES.size())));
    }
    try {
      FileDataset rows = reader.open();
      assertThat(rows.size()).isPositive();
      for (int row = 0; row < rows.size(); row++) {
        assertThat(rows.get(row)).isNotNull();
      }
      return false;
    } catch (DatasetException e) {
      assertThat(e.getMessage()).contains(file.toString());
      return true;
    } catch (RuntimeException e) {
      throw new AssertionError("seed " + seed + " of " + file.getFileName(), e);
    }
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  private static byte[] damaged(byte[] content, SplittableRandom random) {
    byte[] bytes = content;
    for (int i = random.nextInt(5); i > 0; i--) {
      int at = random.nextInt(bytes.length + 1);
      int until = Math.min(bytes.length, at + random.nextInt(12));
      byte[] inserted = new byte[random.nextInt(4)];
      for (int k = 0; k < inserted.length; k++) {
        inserted[k] =
            random.nextBoolean()
                ? PIECES[random.nextInt(PIECES.length)]
                : (byte) random.nextInt(256);
      }
      bytes = replaced(bytes, at, random.nextInt(10) == 0 ? bytes.length : until, inserted);
    }
    return bytes;
  }

  private static byte[] replaced(byte[] bytes, int from, int to, byte[] inserted) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, from);
    out.writeBytes(inserted);
    out.write(bytes, to, bytes.length - to);
    return out.toByteArray();
  }
}
