package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Readers of data sets. */
final class DataTargets {

  private static final String JSONL =
      "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \"\\u00e9\", \"completion\": \"d\"}\n";

  private DataTargets() {}

  static List<FuzzTarget> all() {
    List<FuzzTarget> all = new ArrayList<>();
    all.add(data("jsonl", () -> List.of(seed(JSONL))));
    all.add(data("json", () -> List.of(seed("[{\"text\": \"a\"}, {\"text\": \"b\"}]"))));
    all.add(data("csv", () -> List.of(seed("prompt,completion\n\"a \"\"q\"\"\",b\nc,\"d\ne\"\n"))));
    all.add(data("tsv", () -> List.of(seed("prompt\tcompletion\na\tb\n"))));
    all.add(data("txt", () -> List.of(seed("a paragraph\n\nanother\n"))));
    all.add(data("jsonl.gz", () -> List.of(gzip(seed(JSONL)))));
    all.add(data("parquet", () -> List.of(parquet())));
    return all;
  }

  private static FuzzTarget data(String extension, Supplier<List<byte[]>> seeds) {
    return new FuzzTarget(
        "data-" + extension,
        seeds,
        Scratch.file(
            "rows." + extension,
            file -> {
              Dataset rows = Datasets.read(file).open();
              for (int row = 0; row < rows.size(); row++) {
                rows.get(row);
              }
            }));
  }

  private static byte[] parquet() {
    try {
      MessageType columns =
          MessageTypeParser.parseMessageType(
              "message rows { required binary text (STRING); optional int64 number; }");
      Path file = FoldersInMemory.create("fuzz-seed").resolve("rows.parquet");
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new LocalOutputFile(file)).withType(columns).build()) {
        writer.write(new SimpleGroup(columns).append("text", "a").append("number", 1L));
        writer.write(new SimpleGroup(columns).append("text", "b"));
      }
      byte[] bytes = Files.readAllBytes(file);
      MoreFiles.deleteRecursively(file.getParent(), RecursiveDeleteOption.ALLOW_INSECURE);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] seed(String text) {
    return text.getBytes(UTF_8);
  }
}
