package io.adapt4j.benchmarks.models;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Peer;
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
  private static final String PROPERTY = "adapt4j.benchmarks.llama.cpp";

  /**
   * Sets the folder of programs that are not given one, in this process and those it starts.
   *
   * @param folder folder with the package, or an empty text to leave it out
   */
  public static void install(String folder) {
    if (!folder.isEmpty()) {
      LlamaCpp found = in(Path.of(folder).toAbsolutePath().toString());
      if (!found.isPresent()) {
        throw new IllegalArgumentException("--llama.cpp: " + found.absence());
      }
      System.setProperty(PROPERTY, found.folder().toString());
    }
  }

  /** Looks for the package in a folder, or in that of the suite if the name is empty. */
  public static LlamaCpp in(String named) {
    String folder = named.isEmpty() ? System.getProperty(PROPERTY, "") : named;
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

  /** Returns a peer without figures that reads weights of a type. */
  public Peer peer(String type) {
    Path description = folder.resolve("node_modules/node-llama-cpp/package.json");
    try {
      String version = new JsonMapper().readTree(description.toFile()).path("version").asText();
      return Peer.named("llama.cpp", "node-llama-cpp " + version, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Decodes greedily.
   *
   * @param threads number of threads; 0 for all processors
   */
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
            String.valueOf(threads > 0 ? threads : Runtime.getRuntime().availableProcessors()));
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
