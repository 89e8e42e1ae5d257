package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Opens files with predictable names that are modified in place, such as locks and partial
 * downloads, without following symbolic links: the target of a planted link is never touched.
 */
public final class NoLinks {

  private NoLinks() {}

  /** Opens a file that is not a symbolic link. */
  public static FileChannel open(Path file, OpenOption... options) throws IOException {
    Set<OpenOption> all = new HashSet<>(List.of(options));
    all.add(LinkOption.NOFOLLOW_LINKS);
    try {
      return FileChannel.open(file, all);
    } catch (IOException e) {
      if (Files.isSymbolicLink(file)) {
        throw new IOException(
            file + " is a symbolic link, and nothing is written through it. Delete it", e);
      }
      throw e;
    }
  }
}
