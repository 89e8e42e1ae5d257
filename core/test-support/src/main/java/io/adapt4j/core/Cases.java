package io.adapt4j.core;

/** The cases of a table of tests: by turns in the build, all with {@code -Dadapt4j.cases=all}. */
public final class Cases {

  private Cases() {}

  /** Whether every case of every table is tried. */
  public static boolean all() {
    return System.getProperty("adapt4j.cases", "").equals("all");
  }

  /** Whether a case is tried: one of so many turns, by the case's row and column. */
  public static boolean isTried(int row, int column, int turns) {
    return all() || Math.floorMod(row + column, turns) == 0;
  }
}
