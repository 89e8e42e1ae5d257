package io.adapt4j.benchmarks.models;

import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * llama.cpp from the package node-llama-cpp, available if installed with npm.
 *
 * @param absence reason why it is unavailable, or null
 */
public record LlamaCpp(Path folder, String absence) {

  private static final String SCRIPT = "llama-cpp.mjs";
  private static final String QUANTIZE = "ggml-quantize.py";

  /** Looks for the package in a folder; unavailable if the name is empty. */
  public static LlamaCpp in(String folder) {
    if (folder.isEmpty()) {
      return new LlamaCpp(
          Path.of(""), "run npm install node-llama-cpp in a folder and name it with --llama.cpp");
    }
    Path path = Path.of(folder);
    boolean found = Files.isDirectory(path.resolve("node_modules/node-llama-cpp"));
    return new LlamaCpp(path, found ? null : "no node_modules/node-llama-cpp in " + path);
  }

  public boolean isPresent() {
    return absence == null;
  }

  /**
   * Measured rates.
   *
   * @param prompt seconds until every sequence has its first token
   */
  public record Rates(Samples prompt, Samples decode) {}

  /** Decodes greedily, on all processors. */
  public Rates decode(Path file, int prompt, int tokens, int batch, int times) {
    return decode(file, prompt, tokens, batch, times, Runtime.getRuntime().availableProcessors());
  }

  /** Decodes greedily. */
  public Rates decode(Path file, int prompt, int tokens, int batch, int times, int threads) {
    Path script = script(SCRIPT, file.resolveSibling(SCRIPT));
    List<String> command =
        List.of(
            "node",
            script.toString(),
            file.toAbsolutePath().toString(),
            String.valueOf(prompt),
            String.valueOf(tokens),
            String.valueOf(batch),
            String.valueOf(times),
            String.valueOf(threads));
    OwnProcess process =
        OwnProcess.run("llama.cpp", new ProcessBuilder(command).directory(folder.toFile()));
    return new Rates(process.samples("prompt "), process.samples("decode "));
  }

  /** Quantizes random values with ggml on a number of threads. */
  public OwnProcess quantize(
      List<TensorType> types, int rows, int columns, int threads, int times) {
    try (TemporaryFolder temporary = TemporaryFolder.create()) {
      List<String> command = new ArrayList<>();
      command.add("python3");
      command.add(script(QUANTIZE, temporary.path().resolve(QUANTIZE)).toString());
      command.add(library().toString());
      for (int number : new int[] {rows, columns, threads, times}) {
        command.add(String.valueOf(number));
      }
      types.forEach(type -> command.add(type + "=" + type.id()));
      return OwnProcess.run("ggml", new ProcessBuilder(command));
    }
  }

  private Path library() {
    try (Stream<Path> files =
        Files.walk(folder.resolve("node_modules/@node-llama-cpp/linux-x64"))) {
      return files
          .filter(file -> file.endsWith("libggml-base.so"))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no libggml-base.so in " + folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path script(String name, Path target) {
    try (InputStream source =
        Objects.requireNonNull(LlamaCpp.class.getResourceAsStream(name), name)) {
      if (!Files.exists(target)) {
        Files.copy(source, target);
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
