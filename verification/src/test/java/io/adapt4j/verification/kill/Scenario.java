package io.adapt4j.verification.kill;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A command that is killed and repeated.
 *
 * @param name what it is called
 * @param files what lies in the working folder beforehand, by name
 * @param command the arguments of {@code adapt4j}
 * @param again the arguments that go on after a kill
 * @param anew the arguments after a kill where there was nothing yet to go on with
 * @param results which files of the working folder must be the same, to the byte, as without kills
 */
record Scenario(
    String name,
    Map<String, String> files,
    List<String> command,
    List<String> again,
    List<String> anew,
    Results results) {

  /** Which files count. */
  interface Results {

    /** Whether this file, relative to the working folder, counts. */
    boolean counts(Path file);
  }

  @Override
  public String toString() {
    return name;
  }
}
