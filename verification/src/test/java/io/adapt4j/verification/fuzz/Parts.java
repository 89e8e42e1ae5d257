package io.adapt4j.verification.fuzz;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Several files of which an input replaces one: its first byte says which, the rest is the content.
 *
 * @param contents the valid contents by name, in a fixed order
 */
record Parts(Map<String, byte[]> contents) {

  /** The entries of an archive, without folders. */
  static Parts ofZip(byte[] archive) {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (!entry.isDirectory()) {
          contents.put(entry.getName(), zip.readAllBytes());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Parts(contents);
  }

  /** The files of a folder and those within it. */
  static Parts ofFolder(Path folder) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(path).toString().replace('\\', '/');
        contents.put(name, Files.readAllBytes(path));
      }
    }
    return new Parts(contents);
  }

  /** Deletes a folder with all in it. */
  static void delete(Path folder) throws IOException {
    MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
  }

  /** Writes the files, with what an input replaces, into a folder. */
  void write(byte[] input, Path folder) throws IOException {
    for (Map.Entry<String, byte[]> file : with(input).entrySet()) {
      Path path = folder.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
  }

  /** {@return for each file an input that replaces it with itself} */
  List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (byte[] content : contents.values()) {
      byte[] seed = new byte[content.length + 1];
      seed[0] = (byte) seeds.size();
      System.arraycopy(content, 0, seed, 1, content.length);
      seeds.add(seed);
    }
    return seeds;
  }

  /** Returns the files with what an input replaces. An empty input takes the first one away. */
  Map<String, byte[]> with(byte[] input) {
    Map<String, byte[]> replaced = new LinkedHashMap<>(contents);
    List<String> names = List.copyOf(contents.keySet());
    if (input.length == 0) {
      replaced.remove(names.get(0));
    } else {
      String name = names.get((input[0] & 0xff) % names.size());
      replaced.put(name, Arrays.copyOfRange(input, 1, input.length));
    }
    return replaced;
  }

  /** Returns an archive of the files with what an input replaces. */
  byte[] zipWith(byte[] input) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(1);
      for (Map.Entry<String, byte[]> file : with(input).entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
