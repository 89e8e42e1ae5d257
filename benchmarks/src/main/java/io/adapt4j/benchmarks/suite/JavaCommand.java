package io.adapt4j.benchmarks.suite;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command that starts a program in a JVM like this one. */
public final class JavaCommand {

  private JavaCommand() {}

  /**
   * Puts a command together. The class path and the system properties that begin with {@code
   * adapt4j.} are handed on.
   *
   * @param program the main class
   * @param flags further flags of the JVM
   * @param arguments the program's arguments
   * @return the words
   */
  public static List<String> of(Class<?> program, List<String> flags, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    System.getProperties().stringPropertyNames().stream()
        .filter(property -> property.startsWith("adapt4j."))
        .forEach(property -> command.add("-D" + property + "=" + System.getProperty(property)));
    command.addAll(flags);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(program.getName());
    command.addAll(arguments);
    return command;
  }
}
