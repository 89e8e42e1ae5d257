package io.adapt4j.core.internal;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Rules for names of files and folders that every system can have, Windows' among them. */
public final class PortableName {

  /** Devices of Windows, with any extension; spaces before it do not count. */
  private static final Pattern RESERVED =
      Pattern.compile(
          "(con|prn|aux|nul|conin\\$|conout\\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\\..*)?",
          Pattern.DOTALL);

  private PortableName() {}

  /** Returns what makes one part of a path impossible on some system. */
  public static Optional<String> problem(String part) {
    if (part.isEmpty()) {
      return Optional.of("an empty part");
    }
    if (part.equals(".") || part.equals("..")) {
      return Optional.of("the part '" + part + "'");
    }
    if (part.endsWith(".") || part.endsWith(" ")) {
      return Optional.of("a part that ends with a dot or a space");
    }
    if (RESERVED.matcher(part.toLowerCase(Locale.ROOT)).matches()) {
      return Optional.of("the part '" + part + "', reserved on Windows");
    }
    return Optional.empty();
  }
}
