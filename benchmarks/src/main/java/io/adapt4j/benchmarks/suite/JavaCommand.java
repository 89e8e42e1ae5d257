package io.adapt4j.benchmarks.suite;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts a program in a JVM like this one. The class path is passed in the environment: ONNX
 * Runtime silently terminates a process with such a long command line.
 */
public final class JavaCommand {

  private JavaCommand() {}

  /**
   * Prepares a process. Passes on the class path and the system properties that begin with {@code
   * adapt4j.}.
   */
  public static ProcessBuilder of(Class<?> program, List<String> flags, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    System.getProperties().stringPropertyNames().stream()
        .filter(property -> property.startsWith("adapt4j."))
        .forEach(property -> command.add("-D" + property + "=" + System.getProperty(property)));
    command.addAll(flags);
    command.add(program.getName());
    command.addAll(arguments);
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    return process;
  }
}
