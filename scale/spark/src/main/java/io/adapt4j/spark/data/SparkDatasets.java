package io.adapt4j.spark.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Writes the rows of a DataFrame as shards: files of JSON Lines, one a partition, in the fields
 * that {@link io.adapt4j.core.data.Datasets#read} recognizes, with a manifest that names them in
 * order. Executors write them; no row passes through the driver. All workers of a run, and a
 * resumed run, then read the same rows in the same order, which recomputing a DataFrame does not
 * guarantee.
 *
 * <pre>{@code
 * ShardedData data =
 *     SparkDatasets.of(tickets.select("prompt", "completion"))
 *         .orderBy("id")
 *         .write("hdfs:///training/tickets");
 * Dataset rows = data.open();
 * }</pre>
 *
 * <p>Columns become fields of the rows; null fields are omitted. Not thread-safe.
 */
public final class SparkDatasets {

  private final Dataset<Row> frame;
  private List<String> keys = List.of();
  private List<String> fields = List.of();
  private OptionalInt shards = OptionalInt.empty();
  private boolean complete;

  private SparkDatasets(Dataset<Row> frame) {
    this.frame = Objects.requireNonNull(frame, "frame");
  }

  /**
   * Starts with all columns, in the order of partitions and rows.
   *
   * @param frame the rows
   * @return options, to end with {@link #write}
   */
  public static SparkDatasets of(Dataset<Row> frame) {
    return new SparkDatasets(frame);
  }

  /**
   * Sorts the rows by columns, with ties broken by all others, so that the order does not depend on
   * partitioning. The columns are written only if {@link #fields} includes them or is not set.
   *
   * @param columns names of sortable columns
   * @throws IllegalArgumentException if there is no such column
   */
  public SparkDatasets orderBy(String... columns) {
    keys = checked("orderBy", columns);
    return this;
  }

  /**
   * Sets the written columns. Default: all.
   *
   * @param columns names
   * @throws IllegalArgumentException if there is no such column
   */
  public SparkDatasets fields(String... columns) {
    fields = checked("fields", columns);
    return this;
  }

  /**
   * Sets the number of shards. Default: one per partition. Only with {@link #orderBy}: Spark does
   * not keep the order of partitions that it merges.
   *
   * @param number at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SparkDatasets shards(int number) {
    if (number < 1) {
      throw new IllegalArgumentException("shards: expected at least 1, found " + number);
    }
    shards = OptionalInt.of(number);
    return this;
  }

  /** Rejects rows with nulls in written columns. Default: null fields are omitted. */
  public SparkDatasets withoutNulls() {
    complete = true;
    return this;
  }

  /** {@return the names of the written columns} */
  public List<String> written() {
    return fields.isEmpty() ? List.of(frame.columns()) : fields;
  }

  /** {@return the rows, of which some columns are written} */
  public Dataset<Row> frame() {
    return frame;
  }

  private List<String> checked(String option, String... columns) {
    List<String> known = Arrays.asList(frame.columns());
    for (String column : columns) {
      if (!known.contains(column)) {
        throw new IllegalArgumentException(
            "%s: expected names of columns, found '%s'; the columns are %s"
                .formatted(option, column, known));
      }
    }
    return List.of(columns);
  }

  /**
   * Writes the shards. The manifest is written last: until then there is no data for {@link
   * ShardedData#at}.
   *
   * @param folder a new folder in any file system supported by Hadoop, such as {@code
   *     file:///mnt/data/x} or {@code hdfs:///x}
   * @return the data
   * @throws IllegalArgumentException if there are no rows, a number of shards and no order, or
   *     nulls with {@link #withoutNulls}
   * @throws IllegalStateException if the folder has data already
   */
  public ShardedData write(String folder) {
    Configuration hadoop = frame.sparkSession().sessionState().newHadoopConf();
    Path target = new Path(folder);
    try {
      FileSystem files = target.getFileSystem(hadoop);
      Path qualified = files.makeQualified(target);
      if (files.exists(new Path(qualified, Manifest.FILE))) {
        throw new IllegalStateException(
            folder + ": expected a folder without data, found some. Name another, or delete it.");
      }
      files.mkdirs(qualified);
      ShardWriter writer =
          new ShardWriter(
              qualified.toString(), new SerializableConfiguration(hadoop), watched().size());
      List<ShardWriter.Written> all = lines().javaRDD().mapPartitions(writer).collect();
      List<Shard> inOrder = new ArrayList<>(all.stream().map(ShardWriter.Written::shard).toList());
      inOrder.sort((left, right) -> Integer.compare(left.partition(), right.partition()));
      try {
        requireRows(all);
      } catch (IllegalArgumentException e) {
        deleteShards(files, qualified, inOrder);
        throw e;
      }
      Manifest.write(files, qualified, inOrder);
      return new ShardedData(qualified.toString(), inOrder);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": writing shards failed: " + e.getMessage(), e);
    }
  }

  private List<String> watched() {
    return complete ? written() : List.of();
  }

  private void requireRows(List<ShardWriter.Written> all) {
    if (all.isEmpty()) {
      throw new IllegalArgumentException("frame: expected at least one row, found none");
    }
    long rows = all.stream().mapToLong(part -> part.shard().rows()).sum();
    for (int i = 0; i < watched().size(); i++) {
      int column = i;
      long nulls = all.stream().mapToLong(part -> part.nulls()[column]).sum();
      if (nulls > 0) {
        throw new IllegalArgumentException(
            "column '%s': expected a value in each row, found null in %s of %s. Leave these rows"
                    .formatted(watched().get(i), nulls, rows)
                + " out with frame.na().drop(), or fill them.");
      }
    }
  }

  private static void deleteShards(FileSystem files, Path folder, List<Shard> shards)
      throws IOException {
    for (Shard shard : shards) {
      files.delete(new Path(folder, shard.file()), false);
      files.delete(new Path(folder, Shard.lines(shard.file())), false);
    }
  }

  private Dataset<Row> lines() {
    Column line =
        functions.to_json(
            functions.struct(written().stream().map(SparkDatasets::column).toArray(Column[]::new)));
    List<Column> selected = new ArrayList<>(List.of(line.as("line")));
    for (String name : watched()) {
      selected.add(column(name).isNull().as("null " + selected.size()));
    }
    return ordered(line).select(selected.toArray(Column[]::new));
  }

  private Dataset<Row> ordered(Column line) {
    if (keys.isEmpty()) {
      if (shards.isPresent()) {
        throw new IllegalArgumentException(
            "shards: expected an order as well, found none; Spark does not keep the order of rows"
                + " when it merges partitions. Set it with orderBy.");
      }
      return frame;
    }
    List<Column> order = new ArrayList<>();
    keys.forEach(key -> order.add(column(key)));
    order.add(line);
    Column[] columns = order.toArray(new Column[0]);
    return shards.isPresent()
        ? frame.repartitionByRange(shards.getAsInt(), columns).sortWithinPartitions(columns)
        : frame.sort(columns);
  }

  /** Returns a column whose name may have dots. */
  private static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }
}
