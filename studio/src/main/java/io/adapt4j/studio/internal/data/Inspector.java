package io.adapt4j.studio.internal.data;

import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Row;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.studio.internal.store.Source;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Finds out what a path holds. */
final class Inspector {

  private static final Set<String> ROWS =
      Set.of("jsonl", "ndjson", "json", "csv", "tsv", "tab", "parquet");

  private static final Set<String> DOCUMENTS =
      Set.of(
          "pdf", "docx", "doc", "pptx", "ppt", "xlsx", "xls", "odt", "epub", "html", "htm", "md",
          "txt", "text", "eml", "rtf");

  /** Documents that are read to count their characters; more are estimated from their share. */
  private static final int MOST_DOCUMENTS = 200;

  private static final int MOST_FILES = 100_000;

  private final Source source;
  private final Map<String, Integer> files = new TreeMap<>();
  private long bytes;

  Inspector(Source source) {
    this.source = source;
  }

  Inspection inspect() throws IOException {
    count();
    Path path = source.path();
    if (Files.exists(path.resolve("config.json")) || files.keySet().equals(Set.of("gguf"))) {
      return result(Inspection.Kind.MODEL, 0, 0, "");
    }
    int rowFiles = count(ROWS);
    int documents = count(DOCUMENTS);
    if (rowFiles > 0 && rowFiles >= documents) {
      return rows();
    }
    return documents > 0 ? documents() : result(Inspection.Kind.OTHER, 0, 0, "");
  }

  private void count() throws IOException {
    Files.walkFileTree(
        source.path(),
        new SimpleFileVisitor<>() {
          private int seen;

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = file.getFileName().toString();
            if (attributes.isRegularFile() && !name.startsWith(".")) {
              files.merge(extension(name), 1, Integer::sum);
              bytes += attributes.size();
            }
            return ++seen < MOST_FILES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException problem) {
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private int count(Set<String> extensions) {
    return files.entrySet().stream()
        .filter(each -> extensions.contains(each.getKey()))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  private static String extension(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    int dot = plain.lastIndexOf('.');
    return dot < 1 || plain.length() - dot > 11 ? "?" : plain.substring(dot + 1);
  }

  private Inspection result(Inspection.Kind kind, long rows, long letters, String problem) {
    return new Inspection(kind, files, bytes, rows, 0, "", List.of(), List.of(), letters, problem);
  }

  private Inspection rows() {
    FileDataset fields;
    try {
      fields = SourceRows.openFields(source);
    } catch (DatasetException e) {
      return result(Inspection.Kind.ROWS, 0, 0, message(e));
    }
    List<String> columns =
        fields.size() == 0
            ? List.of()
            : fields.source(0).map(Row::fields).map(List::copyOf).orElse(List.of());
    try {
      FileDataset rows = SourceRows.open(source);
      return new Inspection(
          Inspection.Kind.ROWS,
          files,
          bytes,
          rows.size(),
          rows.malformed(),
          rows.shape().map(Enum::name).orElse("MIXED"),
          columns,
          rows.unusedFields(),
          0,
          "");
    } catch (DatasetException e) {
      return new Inspection(
          Inspection.Kind.ROWS,
          files,
          bytes,
          fields.size(),
          fields.malformed(),
          "",
          columns,
          List.of(),
          0,
          message(e));
    }
  }

  private static String message(DatasetException e) {
    return String.valueOf(e.getMessage());
  }

  private Inspection documents() {
    Documents all =
        Files.isDirectory(source.path())
            ? Documents.in(source.path())
            : Documents.files(source.path());
    long letters = 0;
    int read = 0;
    String problem = "";
    try (DocumentReading reading = all.open()) {
      while (read < MOST_DOCUMENTS && reading.hasNext()) {
        Document document = reading.next();
        letters += document.text().length();
        read++;
      }
      problem =
          String.join(
              "\n", reading.report().failed().stream().limit(5).map(Object::toString).toList());
    }
    return result(Inspection.Kind.DOCUMENTS, read, letters, problem);
  }
}
