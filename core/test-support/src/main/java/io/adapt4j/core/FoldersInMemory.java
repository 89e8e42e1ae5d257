package io.adapt4j.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Temporary folders in Linux's shared memory, where there is plenty of it: the library forces what
 * it writes onto the device, and a disk makes tests wait for that. The build names this class for
 * all tests; one that needs a disk says so with {@link TempDirFactory.Standard}.
 */
public final class FoldersInMemory implements TempDirFactory {

  private static final Path MEMORY = Path.of("/dev/shm");

  /** More than all tests of two modules have at a time. A container often has 64 MiB. */
  private static final long PLENTY = 8L << 30;

  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context)
      throws IOException {
    return create("junit-");
  }

  /** Creates a folder where tests have theirs. */
  public static Path create(String prefix) throws IOException {
    return isPlenty()
        ? Files.createTempDirectory(MEMORY, prefix)
        : Files.createTempDirectory(prefix);
  }

  private static boolean isPlenty() {
    try {
      return Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() >= PLENTY;
    } catch (IOException e) {
      return false;
    }
  }
}
