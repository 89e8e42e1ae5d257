package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A base with the updates of earlier rounds merged, written where it is needed. */
public final class MergedBase {

  private static final String PREFIX = "base-";

  private MergedBase() {}

  /** Returns the merged base, writing it if absent. Those of other rounds are deleted. */
  public static Path of(Path base, AdapterFiles folded, Path scratch) {
    String name = PREFIX + digest(folded.weights());
    Path target = scratch.resolve(name);
    if (Files.isDirectory(target)) {
      return target;
    }
    try {
      Disk.createFolders(scratch);
      try (Stream<Path> entries = Files.list(scratch)) {
        List<Path> earlier =
            entries.filter(entry -> entry.getFileName().toString().startsWith(PREFIX)).toList();
        for (Path folder : earlier) {
          Temporaries.deleteTree(folder);
        }
      }
      Path hidden = AtomicFolders.hidden(target);
      Path adapter = scratch.resolve("folded-" + hidden.getFileName());
      try {
        folded.write(adapter);
        LoraAdapter.at(adapter).writeMerged(base, hidden);
        AtomicFolders.publishUnlessThere(hidden, target);
      } finally {
        Temporaries.deleteTree(adapter);
        AtomicFolders.discard(hidden);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return target;
  }

  /** Returns a digest of the update folded into a base. */
  public static String digest(byte[] content) {
    return FileDigest.sha256(content).substring(0, 24);
  }
}
