package io.adapt4j.studio.internal.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The command line {@code adapt4j} in separate processes. */
public final class Trainer {

  private static final String MAIN = "io.adapt4j.cli.Adapt4j";

  private final List<String> command;

  /** Creates a trainer with the words of the command; none if there is no command line. */
  public Trainer(List<String> command) {
    this.command = List.copyOf(command);
  }

  /** Returns the command line on this process's class path, if it is there. */
  public static Trainer ofClassPath() {
    if (Trainer.class.getResource("/" + MAIN.replace('.', '/') + ".class") == null) {
      return new Trainer(List.of());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.matches("-X(mx|ms|ss|X:).*|-D.*|--(add|enable|sun)-.*"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    return new Trainer(command);
  }

  public boolean isThere() {
    return !command.isEmpty();
  }

  /** Starts a command; what it says is added to a file. */
  public Process start(List<String> arguments, Path log) throws IOException {
    return builder(arguments)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  /** Starts a command that answers on standard output; what else it says is added to a file. */
  public Process start(List<String> arguments, Path log, Path answer) throws IOException {
    return start(arguments, log, answer, Map.of());
  }

  /** Starts a command with further variables, which no list of processes shows to others. */
  public Process start(
      List<String> arguments, Path log, Path answer, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder = builder(arguments);
    builder.environment().putAll(environment);
    return builder
        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .redirectOutput(answer.toFile())
        .start();
  }

  private ProcessBuilder builder(List<String> arguments) {
    if (!isThere()) {
      throw new IllegalStateException(
          "There is no command line to train with. Add adapt4j-cli to the class path.");
    }
    List<String> words = new ArrayList<>(command);
    words.addAll(arguments);
    return new ProcessBuilder(words)
        .redirectInput(ProcessBuilder.Redirect.from(new File(nothing())));
  }

  private static String nothing() {
    return File.separatorChar == '\\' ? "NUL" : "/dev/null";
  }

  /** Runs a command that answers with a JSON object. */
  public JsonNode json(List<String> arguments) throws IOException {
    Process process = builder(arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      JsonNode json = Json.parse(said);
      // A command also ends with a code if what it found is not as wished.
      if (code != 0 && json.has("problems")) {
        List<String> problems = new ArrayList<>();
        json.path("problems").forEach(problem -> problems.add(problem.asText()));
        throw new IOException(String.join("\n", problems));
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new IOException("the command line did not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroy();
    }
  }
}
