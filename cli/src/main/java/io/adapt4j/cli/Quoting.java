package io.adapt4j.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Writes command lines that can be pasted into a shell. */
final class Quoting {

  private static final Pattern PLAIN = Pattern.compile("[\\w./:=@%+,-]+");

  private Quoting() {}

  /** Returns the arguments as one line, for this system's shell. */
  static String line(List<String> arguments) {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    return line(arguments, windows);
  }

  static String line(List<String> arguments, boolean windows) {
    return arguments.stream()
        .map(argument -> quoted(argument, windows))
        .collect(Collectors.joining(" "));
  }

  private static String quoted(String argument, boolean windows) {
    if (PLAIN.matcher(argument).matches()) {
      return argument;
    }
    return windows
        ? '"' + argument.replace("\"", "\\\"") + '"'
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
