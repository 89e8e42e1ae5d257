package io.adapt4j.verification;

import io.adapt4j.verification.golden.GoldenSuite;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Recomputes golden folders and compares with the reference libraries' results.
 *
 * <p>{@code GoldenCheck DIR...} prints one line per quantity and a count at the end. A folder of
 * golden folders is expanded. Exits with 0 if nothing failed, 1 if something did, 2 on wrong usage.
 */
public final class GoldenCheck {

  private GoldenCheck() {}

  /**
   * Runs the check.
   *
   * @param arguments golden folders, or folders of them
   */
  public static void main(String[] arguments) {
    if (arguments.length == 0) {
      System.err.println("Usage: GoldenCheck DIR...   (golden folders, or folders of them)");
      System.exit(2);
    }
    List<Path> folders = Arrays.stream(arguments).map(Path::of).toList();
    System.exit(GoldenSuite.run(folders, System.out) ? 0 : 1);
  }
}
