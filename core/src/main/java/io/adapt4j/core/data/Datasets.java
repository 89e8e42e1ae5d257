package io.adapt4j.core.data;

import java.nio.file.Path;
import java.util.List;

/** Ways to get a {@link Dataset}. */
public final class Datasets {

  private Datasets() {}

  /**
   * Opens a file of JSON objects, one a line, in UTF-8. Each object has a {@code text}, or a {@code
   * prompt} and a {@code completion}, or {@code messages}; other fields are ignored. Blank lines, a
   * byte order mark and CRLF line ends are accepted.
   *
   * <p>The file is read once now, to check every row and note where it is (twelve bytes a row), and
   * then row by row on demand; no file stays open. It must not change in the meantime.
   *
   * @param file the file
   * @return its rows
   * @throws DatasetException if the file is missing, unreadable or has no rows, or rows are
   *     malformed: it lists the first ten problems and counts all
   */
  public static Dataset jsonl(Path file) {
    return read(file).format(Format.JSONL).plain().open();
  }

  /**
   * Starts reading a file, or a folder of files, of any {@link Format} and {@link Shape}.
   *
   * @param path the file or the folder
   * @return options, to end with {@link DatasetReader#open()}
   */
  public static DatasetReader read(Path path) {
    return new DatasetReader(path);
  }

  /**
   * Makes a dataset of rows in memory.
   *
   * @param rows the rows
   * @return the dataset, named "examples"
   * @throws DatasetException if there are none
   */
  public static Dataset of(List<? extends Example> rows) {
    if (rows.isEmpty()) {
      throw new DatasetException("a dataset needs at least one example, found none");
    }
    return new InMemory(List.copyOf(rows));
  }

  /**
   * Starts mixing datasets by weight.
   *
   * @return options, to end with {@link Mixture#build()}
   */
  public static Mixture mix() {
    return new Mixture();
  }

  /**
   * Puts one dataset after the other. It costs eight bytes a row.
   *
   * @param datasets the datasets
   * @return all their rows
   * @throws DatasetException if there are none
   */
  public static Dataset concat(List<? extends Dataset> datasets) {
    if (datasets.isEmpty()) {
      throw new DatasetException("a dataset needs at least one dataset to be made of, found none");
    }
    return Mixture.concatenation(datasets);
  }

  private record InMemory(List<Example> rows) implements Dataset {

    @Override
    public String name() {
      return "examples";
    }

    @Override
    public DataOrigin origin() {
      return DataOrigin.untold("rows in memory");
    }

    @Override
    public int size() {
      return rows.size();
    }

    @Override
    public Example get(int row) {
      return rows.get(row);
    }
  }
}
