package io.adapt4j.spark.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;

/**
 * Shards written by {@link SparkDatasets}. Serializable, so executors open the same rows in the
 * same order: row numbers, epochs, batches and packing equal those of one process.
 *
 * <p>Workers read rows on demand, holding twelve bytes per row in memory. Shards not on a file
 * system mounted at the worker are first copied to local disk and verified by their hashes.
 */
public final class ShardedData implements Serializable {

  private static final long serialVersionUID = 1;

  private final String folder;

  /** In the order of their rows. */
  private final ArrayList<Shard> shards;

  ShardedData(String folder, List<Shard> shards) {
    this.folder = folder;
    this.shards = new ArrayList<>(shards);
  }

  /**
   * Opens written shards.
   *
   * @param folder their folder, in any file system supported by Hadoop
   * @return the data
   * @throws IllegalStateException if there are none, or writing them did not complete
   */
  public static ShardedData at(String folder) {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder);
    try {
      org.apache.hadoop.fs.FileSystem files = path.getFileSystem(new Configuration());
      org.apache.hadoop.fs.Path qualified = files.makeQualified(path);
      return new ShardedData(qualified.toString(), Manifest.read(files, qualified));
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": reading shards failed: " + e.getMessage(), e);
    }
  }

  /**
   * Returns whether a folder holds complete shards.
   *
   * @param folder a folder in any file system supported by Hadoop
   * @return whether all shards were written
   */
  public static boolean isAt(String folder) {
    org.apache.hadoop.fs.Path manifest =
        new org.apache.hadoop.fs.Path(new org.apache.hadoop.fs.Path(folder), Manifest.FILE);
    try {
      return manifest.getFileSystem(new Configuration()).exists(manifest);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": looking for shards failed: " + e.getMessage(), e);
    }
  }

  /** {@return the folder of the shards} */
  public String folder() {
    return folder;
  }

  /** {@return the number of files} */
  public int shards() {
    return shards.size();
  }

  /** {@return the total number of rows} */
  public long rows() {
    return shards.stream().mapToLong(Shard::rows).sum();
  }

  /**
   * Returns a hash of the rows and their order, by which workers verify that they train on the same
   * data.
   *
   * @return 64 hexadecimal digits, which also depend on the division into shards
   */
  public String digest() {
    MessageDigest digest = FileDigest.sha256();
    shards.forEach(shard -> digest.update(shard.sha256().getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Opens the rows if the folder is a local path.
   *
   * @return the rows
   * @throws IllegalStateException if the folder is not a local path; {@link #open(Path,
   *     UnaryOperator)} copies
   * @throws io.adapt4j.core.data.DatasetException if rows are malformed, or not of one shape
   */
  public Dataset open() {
    return open(options -> options);
  }

  /**
   * Opens the rows as {@link #open()} does, but reads only the first of them. Malformed rows are
   * reported when they are read.
   *
   * @return the rows
   * @throws IllegalStateException if the folder is not a local path, or files were changed
   */
  public Dataset openOnDemand() {
    Path at = path();
    return concat(shard -> reader(at, shard).open());
  }

  private static DatasetReader reader(Path at, Shard shard) {
    DatasetReader reader = Datasets.read(at.resolve(shard.file()));
    Path lengths = at.resolve(Shard.lines(shard.file()));
    if (!Files.exists(lengths)) {
      return reader;
    }
    try {
      int[] lines = new int[Math.toIntExact(Files.size(lengths) / Integer.BYTES)];
      ByteBuffer.wrap(Files.readAllBytes(lengths)).asIntBuffer().get(lines);
      if (lines.length != shard.rows()) {
        throw new IllegalStateException(
            "%s: expected the lengths of %s lines, found %s: the file has changed"
                .formatted(lengths, shard.rows(), lines.length));
      }
      return reader.lineBytes(lines);
    } catch (IOException e) {
      throw new UncheckedIOException(lengths + ": reading failed: " + e.getMessage(), e);
    }
  }

  /**
   * Opens the rows with options, otherwise as {@link #open()}.
   *
   * @param options sets how the fields are read, such as their shape; the same for each shard
   * @return the rows
   */
  public Dataset open(UnaryOperator<DatasetReader> options) {
    return opened(path(), options);
  }

  /** Returns the folder as a local path. */
  private Path path() {
    java.net.URI uri = java.net.URI.create(folder.replace(" ", "%20"));
    if (!"file".equals(uri.getScheme())) {
      throw new IllegalStateException(
          folder
              + ": expected a folder that this machine sees as a path, such as file:///mnt/x. Open"
              + " it with a folder to copy to.");
    }
    return Path.of(uri.getPath());
  }

  /**
   * Copies missing shards to a local folder and opens the rows.
   *
   * @param cache a folder used only for this data; several processes may share it
   * @param options sets how the fields are read
   * @return the rows
   * @throws IllegalStateException if a shard's hash does not match
   */
  public Dataset open(Path cache, UnaryOperator<DatasetReader> options) {
    try {
      Path own = cache.resolve(digest());
      ShardCopies.fetch(folder, shards, own);
      return opened(own, options);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": copying shards failed: " + e.getMessage(), e);
    }
  }

  private Dataset opened(Path at, UnaryOperator<DatasetReader> options) {
    return concat(shard -> options.apply(Datasets.read(at.resolve(shard.file()))).open());
  }

  private Dataset concat(Function<Shard, Dataset> opening) {
    List<Dataset> parts = shards.stream().map(opening).toList();
    return parts.size() == 1 ? parts.get(0) : Datasets.concat(parts);
  }

  /** Compares folder and rows. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ShardedData data
        && folder.equals(data.folder)
        && digest().equals(data.digest());
  }

  @Override
  public int hashCode() {
    return folder.hashCode();
  }

  @Override
  public String toString() {
    return "ShardedData[%s, %s rows, %s shards]".formatted(folder, rows(), shards());
  }
}
