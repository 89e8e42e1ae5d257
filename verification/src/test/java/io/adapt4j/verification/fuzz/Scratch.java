package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.adapt4j.core.FoldersInMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** A folder for the files of one input at a time. */
final class Scratch {

  private static final Path FOLDER = create();

  private Scratch() {}

  /** Something that reads a file. */
  interface FileReading {

    /** Reads the file. */
    void read(Path file) throws Exception;
  }

  /** Reads bytes from a file of this name. */
  static FuzzTarget.Reading file(String name, FileReading reading) {
    return file(name, Map.of(), reading);
  }

  /** Reads bytes from a file of this name, beside others. */
  static FuzzTarget.Reading file(String name, Map<String, String> others, FileReading reading) {
    return bytes -> {
      clear();
      for (Map.Entry<String, String> other : others.entrySet()) {
        Files.writeString(FOLDER.resolve(other.getKey()), other.getValue());
      }
      reading.read(Files.write(FOLDER.resolve(name), bytes));
    };
  }

  /** Reads bytes as text. What is not UTF-8 becomes replacement characters. */
  static FuzzTarget.Reading text(TextReading reading) {
    return bytes -> reading.read(new String(bytes, UTF_8));
  }

  /** Something that reads a text. */
  interface TextReading {

    /** Reads the text. */
    void read(String text) throws Exception;
  }

  private static void clear() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private static Path create() {
    try {
      Path folder = FoldersInMemory.create("fuzz");
      Runtime.getRuntime().addShutdownHook(new Thread(Scratch::remove));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove() {
    try {
      clear();
      Files.delete(FOLDER);
    } catch (IOException e) {
      System.err.println(FOLDER + " was not deleted: " + e);
    }
  }
}
