package io.adapt4j.spark.data;

import io.adapt4j.core.internal.FileDigest;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Writes the lines of a partition to one file, and the length of each line to another. Each attempt
 * of a task writes separate files; those of the attempt that Spark accepts are listed in the
 * manifest. Input rows hold a line, followed by a null flag for each checked column.
 */
record ShardWriter(String folder, SerializableConfiguration hadoop, int watched)
    implements FlatMapFunction<Iterator<Row>, ShardWriter.Written> {

  /**
   * Result of writing a partition.
   *
   * @param shard the file
   * @param nulls number of rows with a null, by column
   */
  // Equality by content is not offered.
  @SuppressWarnings("ArrayRecordComponent")
  record Written(Shard shard, long[] nulls) implements Serializable {}

  @Override
  public Iterator<Written> call(Iterator<Row> lines) throws IOException {
    if (!lines.hasNext()) {
      return Collections.emptyIterator();
    }
    TaskContext task = TaskContext.get();
    String name = "part-%05d-%d.jsonl".formatted(task.partitionId(), task.taskAttemptId());
    Path file = new Path(folder, name);
    FileSystem files = file.getFileSystem(hadoop.value());
    MessageDigest digest = FileDigest.sha256();
    long rows = 0;
    long bytes = 0;
    long[] nulls = new long[watched];
    try (OutputStream out =
            new BufferedOutputStream(new DigestOutputStream(files.create(file, true), digest));
        DataOutputStream lengths =
            new DataOutputStream(
                new BufferedOutputStream(
                    files.create(new Path(folder, Shard.lines(name)), true)))) {
      while (lines.hasNext()) {
        Row row = lines.next();
        byte[] line = (row.getString(0) + "\n").getBytes(StandardCharsets.UTF_8);
        out.write(line);
        lengths.writeInt(line.length);
        rows++;
        bytes += line.length;
        for (int column = 0; column < watched; column++) {
          nulls[column] += row.getBoolean(column + 1) ? 1 : 0;
        }
      }
    }
    String hash = HexFormat.of().formatHex(digest.digest());
    Shard shard = new Shard(task.partitionId(), name, rows, bytes, hash);
    return List.of(new Written(shard, nulls)).iterator();
  }
}
