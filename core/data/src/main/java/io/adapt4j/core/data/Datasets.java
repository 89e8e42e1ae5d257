package io.adapt4j.core.data;

import java.nio.file.Path;
import java.util.List;

/** Factory methods for {@link Dataset}. */
public final class Datasets {

  private Datasets() {}

  /**
   * Opens a file with one JSON object per line, in UTF-8. Each object has a {@code text}, or a
   * {@code prompt} and a {@code completion}, or {@code messages}; other fields are ignored. Blank
   * lines, a byte order mark and CRLF line ends are accepted.
   *
   * <p>The file is read once now, to check and index every row (twelve bytes each), and then row by
   * row on demand; no file stays open. It must not change in the meantime.
   *
   * @param file the file
   * @return its rows
   * @throws DatasetException if the file is missing, unreadable or has no rows, or rows are
   *     malformed: it lists the first ten problems and counts all
   */
  public static Dataset jsonl(Path file) {
    return read(file).format(Format.JSONL).mixedShapes().open();
  }

  /**
   * Starts reading a file, or a folder of files, of any {@link Format} and {@link Shape}.
   *
   * @param path the file or the folder
   * @return options; finish with {@link DatasetReader#open()}
   */
  public static DatasetReader read(Path path) {
    return new DatasetReader(path);
  }

  /**
   * Creates a dataset of rows in memory.
   *
   * @param rows the rows
   * @return the dataset, named "examples"
   * @throws DatasetException if there are none; a {@link Split} needs no rows to test on, see
   *     {@link Split#Split(Dataset, Dataset)}
   */
  public static Dataset of(List<? extends Example> rows) {
    if (rows.isEmpty()) {
      throw new DatasetException(
          "Datasets.of(rows): expected at least one example, found an empty list. Check what fills"
              + " the list; for a Split without rows to test on, leave the test part out: new"
              + " Split(train, validation), or dataset.split(0.9, 0.1, seed).");
    }
    return new InMemory(List.copyOf(rows));
  }

  /**
   * Writes rows to a file of JSON Lines in UTF-8, with fields that {@link #read} recognizes: {@code
   * text}; {@code prompt} and {@code completion}; {@code messages}; {@code prompt} of messages;
   * {@code text} and {@code label}, or {@code labels} unless there is exactly one; {@code prompt},
   * {@code chosen} and {@code rejected}. When read again, the rows equal those written; texts,
   * prompts with completions, and messages may be mixed, to be read with {@link #jsonl}. The file
   * is replaced atomically. Weights are not written.
   *
   * @param dataset the rows
   * @param file the file to create or replace; not one that the rows are read from
   * @param keptFields fields of {@link Dataset#source} to write in addition to the example, such as
   *     the key of a conversation
   * @throws DatasetException if the file cannot be written, rows could not be read back, or a row
   *     lacks a field to keep
   */
  public static void write(Dataset dataset, Path file, String... keptFields) {
    DatasetWriter.write(dataset, file, List.of(keptFields));
  }

  /**
   * Starts mixing datasets by weight.
   *
   * @return options; finish with {@link Mixture#build()}
   */
  public static Mixture mix() {
    return new Mixture();
  }

  /**
   * Mixes rows of an earlier task into those of a new one, so that it is not forgotten (experience
   * replay). Every row of the new task occurs once, in random order among as many rows of the
   * earlier one as the share requires, repeated only if there are too few.
   *
   * @param data rows of the new task
   * @param earlier rows of the earlier task
   * @param share share of the earlier task's rows in the mixture, above 0 and below 1
   * @param seed seed of choice and order
   * @return the mixture
   * @throws IllegalArgumentException if the share is out of range, or a dataset is empty
   */
  public static Dataset replay(Dataset data, Dataset earlier, double share, long seed) {
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("share must be above 0 and below 1, found " + share);
    }
    int rows = Math.toIntExact(Math.round(data.size() / (1 - share)));
    return mix()
        .add(data, data.size())
        .add(earlier, Math.max(1, rows - data.size()))
        .rows(Math.max(rows, data.size() + 1))
        .seed(seed)
        .build();
  }

  /**
   * Concatenates datasets. It takes eight bytes per row.
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
      return DataOrigin.omitted("rows in memory");
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
