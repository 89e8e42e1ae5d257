package io.adapt4j.studio.internal.machine;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.inspect.ModelInfo;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Models in the folders that the studio looks into, and in the hub's cache. */
public final class LocalModels {

  /** Depth of a snapshot's files in the hub's cache. */
  private static final int DEPTH = 5;

  private static final int MOST = 200;

  private static final long FRESH_NANOS = 5_000_000_000L;

  private final List<Path> folders;
  private @Nullable List<LocalModel> known;
  private long read;

  /** Looks into folders, of which those that do not exist are left out. */
  public LocalModels(List<Path> folders) {
    this.folders = folders.stream().map(folder -> folder.toAbsolutePath().normalize()).toList();
  }

  /** A model on this machine. */
  public record LocalModel(
      String name, Path path, long bytes, OptionalLong parameters, Optional<String> problem) {}

  /** Returns all models by name, as they were some seconds ago at most. */
  public synchronized List<LocalModel> all() {
    long now = System.nanoTime();
    if (known == null || now - read > FRESH_NANOS) {
      known = find();
      read = now;
    }
    return known;
  }

  private List<LocalModel> find() {
    Set<Path> found = new LinkedHashSet<>();
    roots().forEach(root -> addBelow(root, found));
    List<LocalModel> models = new ArrayList<>(found.stream().limit(MOST).map(this::read).toList());
    models.sort(Comparator.comparing(LocalModel::name).thenComparing(LocalModel::path));
    return List.copyOf(models);
  }

  private List<Path> roots() {
    List<Path> roots = new ArrayList<>(folders);
    try {
      roots.add(Hub.fromEnvironment().cache());
    } catch (HubException e) {
      // The machine's report names the problem.
    }
    return roots.stream().filter(Files::isDirectory).toList();
  }

  private static void addBelow(Path root, Set<Path> found) {
    try {
      Files.walkFileTree(
          root,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          DEPTH,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
              if (Files.isRegularFile(folder.resolve("config.json")) && hasWeights(folder)) {
                found.add(folder);
                return FileVisitResult.SKIP_SUBTREE;
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (file.getFileName().toString().endsWith(".gguf") && attributes.isRegularFile()) {
                found.add(file);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException problem) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      // What cannot be read has no models to show.
    }
  }

  /** Returns whether a folder has weights: snapshots of the Hub's cache may be without. */
  private static boolean hasWeights(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Path::toString).anyMatch(name -> name.matches(".+\\.(safetensors|bin)"));
    } catch (IOException e) {
      return false;
    }
  }

  private LocalModel read(Path path) {
    String name = name(path);
    if (Files.isRegularFile(path)) {
      return new LocalModel(name, path, size(path), OptionalLong.empty(), Optional.empty());
    }
    try {
      ModelInfo info = ModelInfo.read(path);
      return new LocalModel(name, path, bytes(path), info.parameters(), info.unsupported());
    } catch (Adapt4jException e) {
      return new LocalModel(
          name,
          path,
          bytes(path),
          OptionalLong.empty(),
          Optional.of(String.valueOf(e.getMessage())));
    }
  }

  /** Returns a folder's name; of a snapshot in the hub's cache, the repository's. */
  private static String name(Path path) {
    for (Path part : path) {
      String text = part.toString();
      if (text.startsWith("models--")) {
        return text.substring("models--".length()).replace("--", "/");
      }
    }
    return String.valueOf(path.getFileName());
  }

  private static long bytes(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(LocalModels::size).sum();
    } catch (IOException e) {
      return 0;
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
