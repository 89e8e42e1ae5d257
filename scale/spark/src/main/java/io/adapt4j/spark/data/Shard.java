package io.adapt4j.spark.data;

import java.io.Serializable;

/**
 * A file of rows.
 *
 * @param bytes size in bytes
 * @param sha256 hash of its bytes
 */
record Shard(int partition, String file, long rows, long bytes, String sha256)
    implements Serializable {

  /** Returns the name of the file with a shard's line lengths, four bytes each. */
  static String lines(String file) {
    return file + ".lines";
  }
}
