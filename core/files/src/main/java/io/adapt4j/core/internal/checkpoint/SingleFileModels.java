package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Support for models in a single file, such as a GGUF file. Since everything reads folders, a small
 * folder in the user's cache is created on demand to represent the file. It holds configuration,
 * tokenizer and chat template, and {@value #MARKER}, which refers to the weights.
 */
public final class SingleFileModels {

  /** Name of the file that refers to the model file. */
  static final String MARKER = "model_file.json";

  /** System property with the location of these folders. */
  static final String PROPERTY = "adapt4j.model.files";

  private static final String FIELD = "file";

  private SingleFileModels() {}

  public static Path folder(Path path) {
    if (!Files.isRegularFile(path)) {
      return path;
    }
    ModelFileFormat format = format(path);
    Path file = path.toAbsolutePath().normalize();
    try {
      Path target = cache().resolve(name(file));
      Files.createDirectories(target.getParent());
      Path made = AtomicFolders.hidden(target);
      Files.createDirectories(made);
      try {
        format.write(file, made);
        AtomicFiles.writeJson(made.resolve(MARKER), marker(file));
        if (same(made, target)) {
          Temporaries.deleteTree(made);
        } else {
          AtomicFolders.publish(made, target);
          deleteOrphans(target.getParent());
        }
      } catch (IOException | RuntimeException e) {
        Temporaries.deleteTree(made);
        throw e;
      }
      return target;
    } catch (IOException e) {
      throw new CheckpointException(
          "%s: writing its configuration and tokenizer to %s failed: %s. Set -D%s=FOLDER to another"
              .formatted(path, cache(), e, PROPERTY),
          e);
    }
  }

  /** Returns the model file that a folder represents. */
  public static Optional<Path> file(Path folder) {
    Path marker = folder.resolve(MARKER);
    if (!Files.isRegularFile(marker)) {
      return Optional.empty();
    }
    try {
      String text = BoundedFiles.readText(marker, BoundedFiles.SETTINGS);
      String file = Json.parse(text).path(FIELD).asText("");
      if (!file.isEmpty()) {
        // A folder from elsewhere must not choose which file of this machine is read.
        return Optional.of(Path.of(file)).filter(found -> isNamedAfter(folder, found));
      }
    } catch (IOException | InvalidPathException e) {
      throw new CheckpointException(marker + ": reading failed: " + e + ". Delete the folder.", e);
    }
    throw CheckpointException.inFile(
        marker, "the path of a model's file", "none", "Delete the folder.");
  }

  private static boolean isNamedAfter(Path folder, Path file) {
    return folder.toAbsolutePath().normalize().endsWith(name(file));
  }

  public static Path origin(Path folder) {
    return file(folder).orElse(folder);
  }

  /** Returns whether a file is the marker that refers to the weights. */
  public static boolean isMarker(Path file) {
    return file.endsWith(MARKER);
  }

  /** Opens the weights of the model file that a folder represents. */
  static Optional<TensorFile> open(Path folder) {
    return file(folder).map(file -> format(file).open(file));
  }

  /** Deletes folders of model files that no longer exist. */
  private static void deleteOrphans(Path cache) throws IOException {
    try (Stream<Path> folders = Files.list(cache)) {
      for (Path folder : folders.toList()) {
        Path marker = folder.resolve(MARKER);
        if (Files.isRegularFile(marker) && !file(folder).filter(Files::exists).isPresent()) {
          Temporaries.deleteTree(folder);
        }
      }
    }
  }

  private static ModelFileFormat format(Path file) {
    for (ModelFileFormat format : ServiceLoader.load(ModelFileFormat.class)) {
      if (format.names(file)) {
        return format;
      }
    }
    String name = String.valueOf(file.getFileName());
    throw CheckpointException.inFile(
        file,
        "a checkpoint folder",
        "a file",
        name.endsWith(".gguf")
            ? "Add the module adapt4j-gguf, which reads GGUF files. A jar that unites modules has"
                + " to unite their META-INF/services too."
            : "Give the folder that holds config.json and the weights, or a GGUF file.");
  }

  private static ObjectNode marker(Path file) throws IOException {
    return JsonNodeFactory.instance
        .objectNode()
        .put(FIELD, file.toString())
        .put("bytes", Files.size(file))
        .put("modified", Files.getLastModifiedTime(file).toMillis());
  }

  /** Returns the folder name for a file's path: a new version of the file reuses the folder. */
  private static String name(Path file) {
    byte[] digest = FileDigest.sha256().digest(file.toString().getBytes(StandardCharsets.UTF_8));
    return file.getFileName() + "-" + HexFormat.of().formatHex(digest, 0, 6);
  }

  private static Path cache() {
    String chosen = System.getProperty(PROPERTY, "");
    if (!chosen.isEmpty()) {
      return Path.of(chosen).toAbsolutePath();
    }
    String caches = System.getenv("XDG_CACHE_HOME");
    Path base =
        caches == null || caches.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(caches);
    return base.resolve("adapt4j").resolve("models").toAbsolutePath();
  }

  private static boolean same(Path first, Path second) throws IOException {
    if (!Files.isDirectory(second) || !files(first).equals(files(second))) {
      return false;
    }
    for (Path file : files(first)) {
      if (Files.mismatch(first.resolve(file), second.resolve(file)) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns the files of a folder, including nested folders. */
  private static Set<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(folder::relativize)
          .collect(Collectors.toUnmodifiableSet());
    }
  }
}
