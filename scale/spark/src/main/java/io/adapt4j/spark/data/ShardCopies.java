package io.adapt4j.spark.data;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** Copies shards to local disk. */
final class ShardCopies {

  private ShardCopies() {}

  static void fetch(String folder, List<Shard> shards, Path target) throws IOException {
    Files.createDirectories(target);
    org.apache.hadoop.fs.Path from = new org.apache.hadoop.fs.Path(folder);
    FileSystem files = from.getFileSystem(new Configuration());
    for (Shard shard : shards) {
      Path copy = target.resolve(shard.file());
      if (!Files.exists(copy) || Files.size(copy) != shard.bytes()) {
        fetchLengths(files, from, shard, target);
        fetch(files, new org.apache.hadoop.fs.Path(from, shard.file()), shard, copy);
      }
    }
  }

  /** Fetches line lengths, which shards of earlier versions lack. */
  private static void fetchLengths(
      FileSystem files, org.apache.hadoop.fs.Path from, Shard shard, Path target)
      throws IOException {
    String name = Shard.lines(shard.file());
    org.apache.hadoop.fs.Path lengths = new org.apache.hadoop.fs.Path(from, name);
    if (files.exists(lengths)) {
      Path arriving = Files.createTempFile(target, ".arriving", ".lines");
      try (InputStream in = files.open(lengths)) {
        Files.copy(in, arriving, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(arriving, target.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Copies a shard atomically. */
  private static void fetch(
      FileSystem files, org.apache.hadoop.fs.Path from, Shard shard, Path copy) throws IOException {
    Path arriving = Files.createTempFile(copy.getParent(), ".arriving", ".jsonl");
    try {
      MessageDigest digest = FileDigest.sha256();
      try (InputStream in = new DigestInputStream(files.open(from), digest)) {
        Files.copy(in, arriving, StandardCopyOption.REPLACE_EXISTING);
      }
      String hash = HexFormat.of().formatHex(digest.digest());
      if (!hash.equals(shard.sha256())) {
        throw new IllegalStateException(
            "%s: expected the hash %s, found %s: the file has changed since it was written"
                .formatted(from, shard.sha256(), hash));
      }
      AtomicFiles.publish(arriving, copy);
    } finally {
      Files.deleteIfExists(arriving);
    }
  }
}
