package io.adapt4j.spark.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Writes the lines of a partition as a file. Attempts of one task write files of their own, of
 * which the one that Spark counts is in the manifest.
 */
record ShardWriter(String folder, SerializableConfiguration hadoop)
    implements FlatMapFunction<Iterator<String>, Shard> {

  @Override
  public Iterator<Shard> call(Iterator<String> lines) throws IOException {
    if (!lines.hasNext()) {
      return Collections.emptyIterator();
    }
    TaskContext task = TaskContext.get();
    String name = "part-%05d-%d.jsonl".formatted(task.partitionId(), task.taskAttemptId());
    Path file = new Path(folder, name);
    FileSystem files = file.getFileSystem(hadoop.value());
    MessageDigest digest = sha256();
    long rows = 0;
    long bytes = 0;
    try (OutputStream out =
        new BufferedOutputStream(new DigestOutputStream(files.create(file, true), digest))) {
      while (lines.hasNext()) {
        byte[] line = (lines.next() + "\n").getBytes(StandardCharsets.UTF_8);
        out.write(line);
        rows++;
        bytes += line.length;
      }
    }
    String hash = HexFormat.of().formatHex(digest.digest());
    return List.of(new Shard(task.partitionId(), name, rows, bytes, hash)).iterator();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
