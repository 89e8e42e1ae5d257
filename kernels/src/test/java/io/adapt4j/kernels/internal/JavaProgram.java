package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a class of the tests in its own JVM. */
public final class JavaProgram {

  private JavaProgram() {}

  /**
   * Runs one to its end, which must be a good one.
   *
   * @param program its main class
   * @param properties system properties, such as {@code -Dname=value}
   * @param environment more of it
   * @param arguments of the program
   * @return the lines it prints
   */
  public static List<String> run(
      Class<?> program,
      List<String> properties,
      Map<String, String> environment,
      String... arguments)
      throws Exception {
    Outcome outcome = outcome(program, properties, environment, arguments);
    assertThat(outcome.status()).as(String.join("\n", outcome.lines())).isZero();
    return outcome.lines();
  }

  /**
   * How a program ended.
   *
   * @param status its exit status
   * @param lines what it printed
   */
  public record Outcome(int status, List<String> lines) {}

  /** Runs one to any end. */
  static Outcome outcome(
      Class<?> program,
      List<String> properties,
      Map<String, String> environment,
      String... arguments)
      throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(properties);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output.lines().toList());
  }
}
