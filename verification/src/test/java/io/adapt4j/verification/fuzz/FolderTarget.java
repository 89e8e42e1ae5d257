package io.adapt4j.verification.fuzz;

import com.google.common.base.Suppliers;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.FoldersInMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A reader of a folder, of which an input replaces one file: its first byte says which. */
final class FolderTarget {

  private FolderTarget() {}

  /** Writes the valid files into an empty folder. */
  interface Writing {

    /** Writes them. */
    void write(Path folder) throws Exception;
  }

  /**
   * A target.
   *
   * @param name its name
   * @param valid writes the valid files; called once
   * @param reading reads a folder
   */
  static FuzzTarget of(String name, Writing valid, Scratch.FileReading reading) {
    return of(name, () -> written(valid), reading);
  }

  /**
   * A target.
   *
   * @param name its name
   * @param valid gives the valid files; called once
   * @param reading reads a folder
   */
  static FuzzTarget of(String name, Supplier<Parts> valid, Scratch.FileReading reading) {
    Supplier<Parts> files = Suppliers.memoize(valid::get);
    return new FuzzTarget(
        name,
        () -> files.get().seeds(),
        bytes ->
            inFolder(
                folder -> {
                  files.get().write(bytes, folder);
                  reading.read(folder);
                }));
  }

  private static Parts written(Writing valid) {
    Parts[] parts = new Parts[1];
    try {
      inFolder(
          folder -> {
            valid.write(folder);
            parts[0] = Parts.ofFolder(folder);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return parts[0];
  }

  private static void inFolder(Scratch.FileReading use) throws Exception {
    Path folder = FoldersInMemory.create("fuzz-folder");
    try {
      use.read(folder);
    } finally {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }
}
