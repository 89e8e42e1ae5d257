package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Rows of a file or of a folder of files, read on demand. Only the index of the rows (twelve bytes
 * each) and the last block read (64 KiB, or a longer row) are kept in memory.
 */
public final class FileDataset implements Dataset {

  private final Path path;
  private final List<Part> parts;
  private final int[] firstRows;
  private final int size;
  private final Map<String, String> renames;
  private final ExampleReader reader;
  private final ReadReport report;
  private final DataOrigin origin;

  /** The rows of a file, and whether they were checked on opening. */
  record Part(SourceFile source, RecordFormat format, RowIndex index, boolean checked) {}

  FileDataset(
      Path path,
      List<Part> parts,
      Map<String, String> renames,
      ExampleReader reader,
      ReadReport report,
      Function<List<DataOrigin.Source>, DataOrigin> origin) {
    this.path = path;
    this.parts = parts;
    this.renames = renames;
    this.reader = reader;
    this.report = report;
    this.firstRows = new int[parts.size()];
    int rows = 0;
    for (int i = 0; i < firstRows.length; i++) {
      firstRows[i] = rows;
      rows = Math.addExact(rows, parts.get(i).index().size());
    }
    this.size = rows;
    this.origin =
        origin.apply(
            parts.stream()
                .map(part -> new DataOrigin.Source(part.source().file(), part.index().size()))
                .toList());
  }

  @Override
  public DataOrigin origin() {
    return origin;
  }

  /** {@return the number of files read} */
  public int files() {
    return report.files();
  }

  /** {@return the number of skipped malformed rows} */
  public long malformed() {
    return report.malformed();
  }

  /** {@return the problems of the first ten malformed rows, with file and line} */
  public List<String> problems() {
    return report.problems();
  }

  /** {@return the shape of the rows; empty if they are read by a function or have mixed shapes} */
  public Optional<Shape> shape() {
    return report.shape();
  }

  /** {@return fields of the first row that its shape does not use} */
  public List<String> unusedFields() {
    return report.unusedFields();
  }

  /**
   * Returns the file of malformed rows.
   *
   * @return the file; empty if there are none, or they were not written
   */
  public Optional<Path> quarantine() {
    return report.quarantine();
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Example get(int row) {
    try {
      Example example = reader.read(ExampleReader.renamed(object(row), renames));
      return RowPictures.resolved(example, partAt(row).source().file());
    } catch (RowProblem e) {
      throw malformed(row, e);
    }
  }

  @Override
  public Optional<Row> source(int row) {
    try {
      return Optional.of(new Row(object(row)));
    } catch (RowProblem e) {
      throw malformed(row, e);
    }
  }

  private DatasetException malformed(int row, RowProblem problem) {
    Part part = partAt(row);
    return part.checked()
        ? part.source().changed(row, problem.getMessage())
        : new DatasetException(locate(row) + ": " + problem.getMessage());
  }

  @Override
  public String locate(int row) {
    Part part = partAt(row);
    SourceFile source = part.source();
    try {
      long line = source.lineOf(part.index().offset(inPart(row)));
      return source.file() + " line " + line;
    } catch (IOException e) {
      throw SourceFile.unreadable(source.file(), e);
    }
  }

  private ObjectNode object(int row) throws RowProblem {
    Part part = partAt(row);
    int at = inPart(row);
    RowIndex index = part.index();
    try {
      byte[] bytes = part.source().read(index.offset(at), index.length(at), row);
      return part.format().parse(bytes, index.part(at));
    } catch (IOException e) {
      throw SourceFile.unreadable(part.source().file(), e);
    }
  }

  private Part partAt(int row) {
    return parts.get(partOf(row));
  }

  private int inPart(int row) {
    return row - firstRows[partOf(row)];
  }

  /** Returns the last part that begins at or before the row; earlier ones may be empty. */
  private int partOf(int row) {
    Objects.checkIndex(row, size);
    int low = 0;
    int high = firstRows.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (firstRows[middle] <= row) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
