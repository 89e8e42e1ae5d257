package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * llama.cpp as the package node-llama-cpp brings it: a peer that is there where somebody has
 * installed it with npm.
 *
 * @param folder where its {@code node_modules} is
 * @param absence why it is not there, or null
 */
record LlamaCpp(Path folder, String absence) {

  private static final String SCRIPT = "llama-cpp.mjs";

  /** Finds the package in a folder; nowhere where the name is empty. */
  static LlamaCpp in(String folder) {
    if (folder.isEmpty()) {
      return new LlamaCpp(
          Path.of(""), "run npm install node-llama-cpp in a folder and name it with --llama.cpp");
    }
    Path path = Path.of(folder);
    boolean found = Files.isDirectory(path.resolve("node_modules/node-llama-cpp"));
    return new LlamaCpp(path, found ? null : "no node_modules/node-llama-cpp in " + path);
  }

  boolean isPresent() {
    return absence == null;
  }

  /**
   * What it reached.
   *
   * @param prompt seconds until every sequence had its first token
   * @param decode tokens a second after that, of all sequences
   */
  record Rates(Samples prompt, Samples decode) {}

  /** Decodes greedily, on all processors. */
  Rates decode(Path file, int prompt, int tokens, int batch, int times) {
    return decode(file, prompt, tokens, batch, times, Runtime.getRuntime().availableProcessors());
  }

  /** Decodes greedily. */
  Rates decode(Path file, int prompt, int tokens, int batch, int times, int threads) {
    Path script = file.resolveSibling(SCRIPT);
    try (InputStream source =
        Objects.requireNonNull(LlamaCpp.class.getResourceAsStream(SCRIPT), SCRIPT)) {
      if (!Files.exists(script)) {
        Files.copy(source, script);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
}
