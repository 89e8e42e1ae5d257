package io.adapt4j.spark.internal.model;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/** Locates files for executors: at the given path, or among the application's shipped files. */
final class ShippedFiles {

  private ShippedFiles() {}

  static Path find(String param, String name) {
    Path named = Path.of(name);
    if (Files.exists(named)) {
      return named;
    }
    if (!named.isAbsolute() && SparkEnv.get() != null) {
      Path shipped = Path.of(SparkFiles.get(name));
      if (Files.exists(shipped)) {
        return shipped;
      }
    }
    throw new IllegalStateException(
        ("%s: expected a path that this executor sees, found nothing at '%s'. Put it on storage"
                + " that every machine mounts, or ship it as an archive with spark.archives, or with"
                + " sparkContext.addFile(path, true), and name its last part.")
            .formatted(param, name));
  }
}
