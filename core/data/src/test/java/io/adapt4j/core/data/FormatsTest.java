package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** The same rows come out, whatever the format they went into. */
class FormatsTest {

  private static Path folder;

  @BeforeContainer
  static void createFolder() throws IOException {
    folder = Files.createTempDirectory("formats");
  }

  @AfterContainer
  static void deleteFolder() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Provide
  static Arbitrary<List<Example.Classified>> rows() {
    Arbitrary<String> text =
        Arbitraries.strings()
            .withChars("\"',;\t\n\r\\{}[] a\u00E9\u4E2D\u0000")
            .withChars("\uFEFFb")
            .ofMinLength(1)
            .ofMaxLength(20);
    Arbitrary<String> label = Arbitraries.of("x", "y \"z\"", "a,b", "c\td");
    return Combinators.combine(text, label)
        .as((words, name) -> new Example.Classified(words, name))
        .list()
        .ofMinSize(1)
        .ofMaxSize(8);
  }

  @Property(tries = 150)
  void everyFormatKeepsEveryRow(@ForAll("rows") List<Example.Classified> rows) throws IOException {
    String jsonl = rows.stream().map(row -> json(row) + "\n").collect(Collectors.joining());
    String json = rows.stream().map(FormatsTest::json).collect(Collectors.joining(",\n", "[", "]"));
    check(rows, "a.jsonl", jsonl, StandardCharsets.UTF_8);
    check(rows, "a.json", json, StandardCharsets.UTF_8);
    check(rows, "b.json", jsonl, StandardCharsets.UTF_8);
    check(rows, "a.csv", delimited(rows, ",", "\r\n"), StandardCharsets.UTF_8);
    check(rows, "a.tsv", delimited(rows, "\t", "\n"), StandardCharsets.UTF_8);
    check(rows, "b.csv", "\uFEFF" + delimited(rows, ",", "\n"), StandardCharsets.UTF_16LE);
  }

  private static void check(List<?> rows, String name, String content, Charset charset)
      throws IOException {
    Path plain = folder.resolve(name);
    Files.write(plain, content.getBytes(charset));
    Path packed = folder.resolve(name + ".gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(content.getBytes(charset));
    }
    for (Path file : List.of(plain, packed)) {
      Dataset dataset = Datasets.read(file).shape(Shape.CLASSIFICATION).open();
      assertThat(DatasetReaderTest.contents(dataset)).as(file.toString()).isEqualTo(rows);
    }
  }

  private static String json(Example.Classified row) {
    return Json.compact(
        JsonNodeFactory.instance
            .objectNode()
            .put("text", row.text())
            .put("label", row.labels().get(0)));
  }

  private static String delimited(List<Example.Classified> rows, String delimiter, String lineEnd) {
    StringBuilder content = new StringBuilder("text" + delimiter + "label" + lineEnd);
    for (Example.Classified row : rows) {
      content.append(quoted(row.text())).append(delimiter);
      content.append(quoted(row.labels().get(0))).append(lineEnd);
    }
    return content.toString();
  }

  private static String quoted(String field) {
    return "\"" + field.replace("\"", "\"\"") + "\"";
  }
}
