package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.PortableName;
import java.util.Optional;
import java.util.regex.Pattern;

/** Rules for names of models, aliases and files, and for digests. */
final class Names {

  static final String DIGEST = "sha256:";
  static final int MOST_FILES = 10_000;

  private static final int LONGEST_PATH = 512;
  private static final int DEEPEST = 16;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private Names() {}

  static String requireName(String name) {
    if (!NAME.matcher(name).matches() || PortableName.problem(name).isPresent()) {
      throw new RegistryException(
          ("name: expected up to 100 lower-case letters, digits, '.', '_' and '-', found '%s'."
                  + " Choose a name such as support-de.")
              .formatted(shown(name)));
    }
    return name;
  }

  static String requireAlias(String alias) {
    if (!NAME.matcher(alias).matches() || isNumber(alias)) {
      throw new RegistryException(
          ("alias: expected lower-case letters, digits, '.', '_' and '-', and not only digits,"
                  + " found '%s'. Choose an alias such as challenger.")
              .formatted(shown(alias)));
    }
    return alias;
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches() && PortableName.problem(name).isEmpty();
  }

  static boolean isNumber(String text) {
    return NUMBER.matcher(text).matches();
  }

  static boolean isSha256(String text) {
    return SHA256.matcher(text).matches();
  }

  static void requireSha256(String what, String text) {
    if (!isSha256(text)) {
      throw new RegistryException(
          "%s: expected a SHA-256 in hexadecimal, found '%s'. Take the file from a copy."
              .formatted(shown(what), shown(text)));
    }
  }

  /** Rejects paths that are absolute, leave their folder, or that some system cannot have. */
  static void requirePath(String path) {
    String[] parts = path.split("/", -1);
    Optional<String> problem = Optional.empty();
    if (path.length() > LONGEST_PATH || parts.length > DEEPEST) {
      problem = Optional.of("more than %d characters or %d parts".formatted(LONGEST_PATH, DEEPEST));
    }
    for (int i = 0; i < parts.length && problem.isEmpty(); i++) {
      problem =
          parts[i].chars().anyMatch(c -> c < ' ' || "\\:*?\"<>|".indexOf(c) >= 0)
              ? Optional.of("a character that Windows does not allow")
              : PortableName.problem(parts[i]);
    }
    if (problem.isPresent()) {
      throw new RegistryException(
          "path '%s': found %s. Rename the file.".formatted(shown(path), problem.get()));
    }
  }

  /** Shortens a text from outside for a message. */
  static String shown(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() <= 120 ? line : line.substring(0, 117) + "...";
  }
}
