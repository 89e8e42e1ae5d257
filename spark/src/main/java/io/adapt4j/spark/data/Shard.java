package io.adapt4j.spark.data;

import java.io.Serializable;

/**
 * A file of rows.
 *
 * @param partition the partition that it was
 * @param file its name in the folder
 * @param rows how many rows it has
 * @param bytes its length
 * @param sha256 hash of its bytes
 */
record Shard(int partition, String file, long rows, long bytes, String sha256)
    implements Serializable {

  /** The name of the file of the lengths of a file's lines, four bytes each. */
  static String lines(String file) {
    return file + ".lines";
  }
}
