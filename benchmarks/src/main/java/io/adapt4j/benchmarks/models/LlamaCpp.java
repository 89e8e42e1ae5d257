package io.adapt4j.benchmarks.models;

import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * llama.cpp from the package node-llama-cpp, available if installed with npm.
 *
 * @param absence reason why it is unavailable, or null
 */
public record LlamaCpp(Path folder, String absence) {

  private static final String SCRIPT = "llama-cpp.mjs";

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
    Path script = script(file.resolveSibling(SCRIPT));
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

  private static Path script(Path target) {
    try (InputStream source =
        Objects.requireNonNull(LlamaCpp.class.getResourceAsStream(SCRIPT), SCRIPT)) {
      if (!Files.exists(target)) {
        Files.copy(source, target);
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
