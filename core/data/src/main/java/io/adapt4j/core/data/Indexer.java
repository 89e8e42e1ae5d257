package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Checks every row of the given files, and collects an index of the good ones and the problems of
 * the others.
 */
final class Indexer {

  static final int MOST_PROBLEMS = 10;

  private final Map<String, String> renames;
  private final Choice choice;
  private final @Nullable Quarantine quarantine;

  /** Mapped fields that no row had so far. */
  private final Set<String> unmatched;

  /** Field names of the first row in the file. */
  private List<String> fields = List.of();

  private final List<FileDataset.Part> parts = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private long malformed;
  private int rows;
  private @Nullable ExampleReader reader;
  private @Nullable Shape shape;
  private List<String> unused = List.of();

  /**
   * Choice of the reader: a given one, or one for a shape, which is recognized from the first row
   * if null.
   */
  record Choice(
      @Nullable ExampleReader reader,
      @Nullable Shape shape,
      Function<Shape, ExampleReader> ofShape) {}

  /**
   * Creates an indexer.
   *
   * @param quarantine receives malformed rows; null to count them only
   */
  Indexer(Map<String, String> renames, Choice choice, @Nullable Quarantine quarantine) {
    this.renames = renames;
    this.unmatched = new LinkedHashSet<>(renames.keySet());
    this.choice = choice;
    this.quarantine = quarantine;
    this.reader = choice.reader();
    if (choice.shape() != null) {
      use(choice.shape());
    }
  }

  void add(SourceFile source, RecordFormat format) throws IOException {
    OneFile file = new OneFile(source);
    format.scan(source, file);
    file.index.trim();
    parts.add(new FileDataset.Part(source, format, file.index, true));
  }

  /** Indexes a file with known line lengths; only the first line of all files is read. */
  void addLines(SourceFile source, int... lineBytes) throws IOException {
    JsonlFormat format = new JsonlFormat();
    OneFile file = new OneFile(source);
    long offset = source.start();
    for (int bytes : lineBytes) {
      long at = offset;
      if (rows == 0) {
        file.row(at, bytes, 1, 0, () -> format.parse(firstLine(source, bytes), 0));
      } else {
        file.index.add(at, bytes, 0);
        rows = Math.incrementExact(rows);
      }
      offset += bytes;
    }
    if (offset != source.size()) {
      throw new DatasetException(
          "%s: expected lines of %s bytes together, found a file of %s. Write it again, or open it"
                  .formatted(source.file(), offset, source.size())
              + " without their lengths.");
    }
    file.index.trim();
    parts.add(new FileDataset.Part(source, format, file.index, false));
  }

  private static byte[] firstLine(SourceFile source, int bytes) {
    try {
      return source.read(source.start(), bytes, 0);
    } catch (IOException e) {
      throw SourceFile.unreadable(source.file(), e);
    }
  }

  private void use(Shape chosen) {
    shape = chosen;
    reader = choice.ofShape().apply(chosen);
  }

  List<FileDataset.Part> parts() {
    return parts;
  }

  /** Returns the reader, which is known after the first row. */
  ExampleReader reader() {
    return Objects.requireNonNull(reader, "there are rows");
  }

  Optional<Shape> shape() {
    return Optional.ofNullable(shape);
  }

  /** Returns the mapped fields that no row has. */
  Set<String> unmatched() {
    return unmatched;
  }

  /** Returns the field names of the first row in the file. */
  List<String> fields() {
    return fields;
  }

  List<String> unusedFields() {
    return unused;
  }

  int rows() {
    return rows;
  }

  long malformed() {
    return malformed;
  }

  /** Returns the first problems, with their lines. */
  List<String> problems() {
    return problems;
  }

  private final class OneFile implements RecordFormat.Sink {

    private final SourceFile source;
    private final RowIndex index = new RowIndex();

    OneFile(SourceFile source) {
      this.source = source;
    }

    @Override
    public void row(long offset, int length, long line, int part, RecordFormat.Content content)
        throws IOException {
      try {
        check(content.read(), line);
        index.add(offset, length, part);
        rows = Math.incrementExact(rows);
      } catch (RowProblem e) {
        note(line, e.getMessage());
        if (quarantine != null) {
          quarantine.add(
              source.file(), line, e.getMessage(), source.read(offset, length, index.size()));
        }
      }
    }

    private void check(ObjectNode object, long line) throws RowProblem {
      if (fields.isEmpty()) {
        fields = object.properties().stream().map(Map.Entry::getKey).toList();
      }
      if (!unmatched.isEmpty()) {
        unmatched.removeIf(object::has);
      }
      ObjectNode row = ExampleReader.renamed(object, renames);
      if (reader == null) {
        use(recognise(row, line));
      }
      if (rows == 0 && shape != null) {
        unused = shape.unknown(row);
      }
      reader().read(row);
    }

    private Shape recognise(ObjectNode row, long line) {
      try {
        return Shape.recognise(row);
      } catch (RowProblem e) {
        throw new DatasetException(
            source.file()
                + ": line "
                + line
                + ": "
                + (unmatched.isEmpty()
                    ? e.getMessage()
                    : DatasetReader.unmatched(unmatched, fields)));
      }
    }

    @Override
    public void tooLong(long offset, long line) throws IOException {
      String problem =
          "longer than " + LineReader.LONGEST_LINE + " bytes. Cut the text into several rows.";
      note(line, problem);
      if (quarantine != null) {
        quarantine.add(source.file(), line, problem + " It begins at byte " + offset + ".", null);
      }
    }

    private void note(long line, @Nullable String problem) {
      malformed++;
      if (problems.size() < MOST_PROBLEMS) {
        problems.add("line " + line + ": " + problem);
      }
    }
  }
}
