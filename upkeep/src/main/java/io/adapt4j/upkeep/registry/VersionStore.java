package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The folder of a registry: {@code versions/NAME/NUMBER}, each complete or absent. */
final class VersionStore {

  private static final String VERSIONS = "versions";
  private static final int BUFFER = 1 << 20;

  private final Path root;

  VersionStore(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  Path root() {
    return root;
  }

  /** Returns the folder of a model's versions. */
  Path home(String name) {
    return root.resolve(VERSIONS).resolve(Names.requireName(name));
  }

  Path home(String name, int number) {
    return home(name).resolve(String.valueOf(number));
  }

  List<String> names() throws IOException {
    return list(root.resolve(VERSIONS)).stream().filter(Names::isName).sorted().toList();
  }

  List<Integer> numbers(String name) throws IOException {
    return list(home(name)).stream()
        .filter(Names::isNumber)
        .map(Integer::valueOf)
        .sorted()
        .toList();
  }

  void delete(String name, int number) throws IOException {
    AtomicFolders.delete(home(name, number));
    if (!Files.notExists(home(name, number))) {
      throw new IOException(home(name, number) + " is still there");
    }
  }

  /** Lists names; a folder that is certainly absent is empty. */
  static List<String> list(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(child -> child.getFileName().toString()).toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** Lists a folder's files by their paths, and rejects links, odd names, and too many files. */
  static Map<String, Path> sources(Path folder) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    collect(folder, "", files);
    requireWeights(folder, files);
    return files;
  }

  static void requireWeights(Path folder, Map<String, Path> files) {
    if (files.keySet().stream().noneMatch(VersionStore::isWeights)) {
      throw new RegistryException(
          folder
              + ": expected weights (*.safetensors or *.gguf), found none. Name an adapter or"
              + " model folder, such as the folder 'best' of a run.");
    }
  }

  private static boolean isWeights(String path) {
    return path.endsWith(".safetensors") || path.endsWith(".gguf");
  }

  private static void collect(Path folder, String prefix, Map<String, Path> files)
      throws IOException {
    for (String name : list(folder)) {
      Path file = folder.resolve(name);
      if (name.startsWith(".")) {
        continue;
      }
      Names.requirePath(prefix + name);
      if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        collect(file, prefix + name + "/", files);
      } else if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        files.put(prefix + name, file);
      } else {
        throw new RegistryException(
            file + ": expected a file, found a link or a device. Copy its content there.");
      }
      if (files.size() > Names.MOST_FILES) {
        throw new RegistryException(
            "%s: expected at most %d files. Name an adapter or model folder."
                .formatted(folder, Names.MOST_FILES));
      }
    }
  }

  /** Copies files to a hidden folder of a model, with their digests. */
  Staged stage(String name, Map<String, Path> sources) throws IOException {
    Path hidden = AtomicFolders.hidden(home(name).resolve("new"));
    Disk.createFolders(hidden.getParent());
    Temporaries.sweepOlderThan(hidden.getParent(), Duration.ofDays(1));
    Staged staged = new Staged(hidden, new ArrayList<>());
    try {
      for (Map.Entry<String, Path> source : sources.entrySet()) {
        Path target = hidden.resolve(Staged.FILES).resolve(source.getKey());
        Files.createDirectories(target.getParent());
        staged.files().add(copy(source.getKey(), source.getValue(), target));
      }
      return staged;
    } catch (IOException | RuntimeException e) {
      staged.close();
      throw e;
    }
  }

  static VersionFile copy(String path, Path from, Path to) throws IOException {
    MessageDigest digest = FileDigest.sha256();
    long[] bytes = new long[1];
    try (InputStream in = Files.newInputStream(from, LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[BUFFER];
      AtomicFiles.writeNew(
          to,
          channel -> {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
              digest.update(buffer, 0, count);
              bytes[0] += count;
              ByteBuffer rest = ByteBuffer.wrap(buffer, 0, count);
              while (rest.hasRemaining()) {
                channel.write(rest);
              }
            }
          });
    }
    return new VersionFile(path, bytes[0], HexFormat.of().formatHex(digest.digest()));
  }

  /** Complete copies that have no number yet. Closing discards them unless they were published. */
  record Staged(Path hidden, List<VersionFile> files) implements AutoCloseable {

    static final String FILES = "files";

    String digest() {
      return VersionFile.digest(files);
    }

    Path folder() {
      return hidden.resolve(FILES);
    }

    /** Makes the copies a version, at once. */
    void publish(Path home, ModelVersion version) throws IOException {
      Path named = hidden.resolve(version.folder().getFileName().toString());
      Files.move(folder(), named, StandardCopyOption.ATOMIC_MOVE);
      VersionRecord.write(hidden, version);
      AtomicFolders.publish(hidden, home);
    }

    @Override
    public void close() {
      AtomicFolders.discard(hidden);
    }
  }
}
